// A popup that opens partly under the panel, under MapLibre's own controls or beyond the map's edge, is brought into the open: the map moves just as
// far as it must. It is looked for in the page, so whoever opens one need not know of the panel.

import type { Map as MapLibreMap } from "maplibre-gl";
import { wantsCalm } from "../screen.ts";

const MARGIN = 10; // pixels between a popup and what it must not touch
const MOVE_MS = 200;
const TRIES = 3; // one that moved may hang on its other side now, and stand out there

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** How far a box must go to lie within another, its upper left corner before all: [right, down] in pixels. */
export function wayInto(box: Box, free: Box): [number, number] {
  const along = (start: number, end: number, from: number, to: number): number => Math.max(Math.min(0, to - end), from - start);
  return [along(box.left, box.right, free.left, free.right), along(box.top, box.bottom, free.top, free.bottom)];
}

/** Moves the map, and with it what must go so far [right, down] in pixels to be seen. */
export function bringIntoOpen(map: MapLibreMap, right: number, down: number): void {
  map.panBy([-right, -down], { duration: wantsCalm() ? 0 : MOVE_MS });
}

export function keepClear(map: MapLibreMap): void {
  const isPopup = (node: Node): node is HTMLElement => node instanceof HTMLElement && node.classList.contains("maplibregl-popup");
  new MutationObserver((changes) => {
    const popup = changes.flatMap(({ addedNodes }) => Array.from(addedNodes)).find(isPopup);
    if (popup) requestAnimationFrame(() => bring(map, popup, TRIES));
  }).observe(map.getContainer(), { childList: true });
}

function bring(map: MapLibreMap, popup: HTMLElement, tries: number): void {
  const { left, top, right, bottom } = map.getContainer().getBoundingClientRect();
  const own = map.getContainer().querySelector(".maplibregl-ctrl-bottom-right")?.getBoundingClientRect().top ?? bottom;
  const taken = { left: 0, top: 0, right: 0, bottom: 0, ...map.getPadding() };
  const free = {
    left: left + taken.left + MARGIN,
    top: top + taken.top + MARGIN,
    right: right - taken.right - MARGIN,
    bottom: Math.min(bottom - taken.bottom, own) - MARGIN,
  };
  const [x, y] = wayInto(popup.getBoundingClientRect(), free);
  if (!popup.isConnected || tries === 0 || (x === 0 && y === 0)) return;
  bringIntoOpen(map, x, y);
  map.once("moveend", ({ originalEvent }) => void (originalEvent ?? requestAnimationFrame(() => bring(map, popup, tries - 1))));
}

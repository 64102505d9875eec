// Where a popup stands: beside its feature, and on a phone, where it would hide the map, in the sheet, in place of the
// lists. Either has a button that closes it.

import { Popup, type LngLatLike, type Map as MapLibreMap } from "maplibre-gl";
import { bringIntoOpen } from "../map/clear.ts";
import { el, iconButton } from "../panel/dom.ts";
import { isNarrow } from "../screen.ts";

const WIDEST = "320px";
const MARGIN = 20; // pixels between what was tapped and the sheet that says what it is

/** Lends the room of the lists to what is given; what it returns puts them back. */
export type Lend = (shown: HTMLElement) => () => void;

export interface Shown {
  getElement(): HTMLElement;
  remove(): void;
  on(type: "close", run: () => void): unknown;
}

export function showAt(map: MapLibreMap, at: LngLatLike, content: HTMLElement, lend: Lend): Shown {
  if (isNarrow()) return inSheet(map, at, content, lend);
  return new Popup({ maxWidth: WIDEST, focusAfterOpen: false, padding: map.getPadding() }).setLngLat(at).setDOMContent(content).addTo(map);
}

function inSheet(map: MapLibreMap, at: LngLatLike, content: HTMLElement, lend: Lend): Shown {
  const shown = new InSheet(content, lend);
  const bring = (): void => {
    const under = map.project(at).y + MARGIN - (map.getContainer().clientHeight - map.getPadding().bottom!);
    if (under > 0) bringIntoOpen(map, 0, -under);
  };
  if (map.isMoving()) map.once("moveend", bring); // the sheet rises
  else bring();
  return shown;
}

class InSheet implements Shown {
  private readonly element: HTMLElement;
  private readonly giveBack: () => void;
  private readonly closing: (() => void)[] = [];

  constructor(content: HTMLElement, lend: Lend) {
    const close = iconButton("remove", "Close", () => this.remove());
    this.element = el("section", { id: "feature-sheet", ariaLabel: "What is here" }, close, content);
    this.giveBack = lend(this.element);
  }

  getElement(): HTMLElement {
    return this.element;
  }

  remove(): void {
    if (!this.element.isConnected) return;
    this.giveBack();
    for (const run of this.closing) run();
  }

  on(_: "close", run: () => void): void {
    this.closing.push(run);
  }
}

// Where a popup stands: beside its feature, and on a phone, where it would hide the map, as a sheet at the foot of the
// page. Either has a button that closes it.

import { Popup, type LngLatLike, type Map as MapLibreMap } from "maplibre-gl";
import { el, iconButton } from "../panel/dom.ts";
import { isNarrow } from "../screen.ts";

const WIDEST = "320px";

export interface Shown {
  getElement(): HTMLElement;
  remove(): void;
  on(type: "close", run: () => void): unknown;
}

export function showAt(map: MapLibreMap, at: LngLatLike, content: HTMLElement): Shown {
  if (isNarrow()) return new Sheet(content);
  return new Popup({ maxWidth: WIDEST, focusAfterOpen: false, padding: map.getPadding() }).setLngLat(at).setDOMContent(content).addTo(map);
}

class Sheet implements Shown {
  private readonly element: HTMLElement;
  private readonly closing: (() => void)[] = [];

  constructor(content: HTMLElement) {
    const close = iconButton("remove", "Close", () => this.remove());
    this.element = el("section", { id: "feature-sheet", ariaLabel: "What is here" }, close, content);
    document.body.append(this.element);
  }

  getElement(): HTMLElement {
    return this.element;
  }

  remove(): void {
    if (!this.element.isConnected) return;
    this.element.remove();
    for (const run of this.closing) run();
  }

  on(_: "close", run: () => void): void {
    this.closing.push(run);
  }
}

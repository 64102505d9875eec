// The name of what the pointer is over, beside it. Only for pointers that hover; a popup says more.

import { el, setText } from "../panel/dom.ts";
import { nameOf, type Properties } from "./words.ts";

const BESIDE = 14; // pixels from the pointer
const LOCALE = globalThis.navigator?.language; // the reader's

export class HoverName {
  private readonly hovers = matchMedia("(hover: hover)"); // a finger only presses
  private readonly element = el("div", { id: "hover-name", ariaHidden: "true", hidden: true });

  /** `map` is the element that the map fills. */
  constructor(private readonly map: HTMLElement) {
    map.append(this.element);
    map.addEventListener("pointerleave", () => this.show(undefined, { x: 0, y: 0 }));
    map.addEventListener("pointerdown", () => this.show(undefined, { x: 0, y: 0 }));
  }

  show(feature: { properties: Properties } | undefined, { x, y }: { x: number; y: number }): void {
    const name = feature && this.hovers.matches ? nameOf(feature.properties, LOCALE) : undefined;
    this.element.hidden = name === undefined;
    if (name === undefined) return;
    setText(this.element, name);
    const left = x + BESIDE + this.element.offsetWidth > this.map.clientWidth ? x - BESIDE - this.element.offsetWidth : x + BESIDE;
    this.element.style.translate = `${left}px ${y + BESIDE}px`;
  }
}

// The panel's height: on a desk it is open or folded, on a phone it is a sheet in three heights, dragged by its top or
// moved by keys. The map is told what room is left; nothing that stands over the map is under the sheet.

import type { PaddingOptions } from "maplibre-gl";
import { isCoarse, isNarrow, wantsCalm } from "../screen.ts";
import { byId, iconButton } from "./dom.ts";
import { beside, HEIGHTS, rest, tapped, TAP, Way, type Height, type Pixels } from "./heights.ts";

const MOVE_MS = 200;
const SAID: { [H in Height]: string } = { low: "Low", half: "Half open", full: "Open" };
const CLASS: { [H in Height]: string } = { low: "folded", half: "half", full: "tall" };
const KEYS: { [key: string]: (height: Height) => Height } = {
  ArrowUp: (height) => beside(height, 1),
  ArrowDown: (height) => beside(height, -1),
  PageUp: (height) => beside(height, 1),
  PageDown: (height) => beside(height, -1),
  Home: () => "low",
  End: () => "full",
  Enter: tapped,
  " ": tapped,
};

export class Sheet {
  private height: Height = "half";
  private readonly panel = byId("panel");
  private readonly grip = byId("grip");
  private readonly fold = iconButton("fold", "Collapse the panel", () => this.rest(this.height === "low" ? "half" : "low"));
  private dragging = false;
  private told = -1; // pixels of a sheet

  /** `tell` hears how much of the map is covered. */
  constructor(private readonly tell: (room: PaddingOptions, animate: boolean) => void) {
    this.fold.id = "fold";
    this.fold.setAttribute("aria-controls", "panel-body");
    byId("fold").replaceWith(this.fold);
    this.grip.addEventListener("keydown", (event) => this.key(event));
    for (const handle of [this.grip, this.fold.parentElement!]) handle.addEventListener("pointerdown", (event) => this.grab(event));
    // The keyboard on the screen takes the lower half.
    this.panel.addEventListener("focusin", ({ target }) => isNarrow() && isCoarse() && isText(target) && this.rest("full"));
    addEventListener("resize", () => this.settle(false));
    new ResizeObserver(() => this.measure()).observe(this.panel);
    this.rest(this.height, false);
  }

  /** For who wants to show something on the map: the highest sheet leaves too little of it. At once, as a flight follows. */
  makeRoom(): void {
    if (isNarrow() && this.height === "full") this.rest("half", false);
  }

  /** Shows something in place of the lists, which what is returned puts back as they were. The lowest sheet has no room for it. */
  lend(shown: HTMLElement): () => void {
    const body = byId("panel-body");
    const [top, was] = [body.scrollTop, this.height];
    byId("facts").after(shown);
    body.scrollTop = 0;
    if (was === "low") this.rest("half");
    return () => {
      shown.remove();
      body.scrollTop = top;
      if (was === "low" && this.height === "half") this.rest("low");
    };
  }

  private rest(height: Height, animate = true, from = this.pixelsNow()): void {
    this.become(height);
    const low = height === "low";
    this.fold.ariaLabel = this.fold.title = low ? "Show the panel" : "Collapse the panel";
    this.fold.ariaExpanded = String(!low);
    this.grip.ariaValueNow = String(HEIGHTS.indexOf(height));
    this.grip.ariaValueText = SAID[height];
    this.settle(animate);
    const to = this.pixelsNow();
    if (wantsCalm() || !isNarrow() || from === to) return;
    this.panel.animate([{ height: `${from}px` }, { height: `${to}px` }], { duration: MOVE_MS, easing: "ease-out" });
  }

  private become(height: Height): void {
    this.height = height;
    for (const each of HEIGHTS) document.body.classList.toggle(CLASS[each], each === height);
  }

  /** What moves is measured where it goes. */
  private arrive(): void {
    for (const moving of this.panel.getAnimations()) moving.finish();
  }

  private pixelsNow(): number {
    return this.panel.getBoundingClientRect().height;
  }

  private settle(animate: boolean): void {
    this.arrive();
    const { width, height, left } = this.panel.getBoundingClientRect();
    const none = { top: 0, right: 0, bottom: 0, left: 0 };
    this.told = height;
    if (isNarrow()) this.tell({ ...none, bottom: height }, animate);
    else this.tell(this.height === "low" ? none : { ...none, left: left + width }, animate);
  }

  /** The lowest sheet grows when the line breaks, which it says; the other heights do not depend on what is in them. */
  private measure(): void {
    const height = this.pixelsNow();
    document.body.style.setProperty("--taken", `${height}px`);
    const moving = this.dragging || this.panel.getAnimations().length > 0;
    if (isNarrow() && !moving && height !== this.told) this.settle(true);
  }

  private key(event: KeyboardEvent): void {
    const height = KEYS[event.key]?.(this.height);
    if (height === undefined) return;
    event.preventDefault();
    this.rest(height);
  }

  private grab(event: PointerEvent): void {
    if (!isNarrow() || this.dragging || event.button !== 0 || (event.target as Element).closest("button")) return;
    const handle = event.currentTarget as HTMLElement;
    const { clientY, pointerId } = event;
    this.arrive();
    const from = this.pixelsNow();
    const was = this.height;
    const pixels = this.pixels();
    const way = new Way();
    let [at, far] = [from, 0];
    const follow = ({ clientY: y, timeStamp }: PointerEvent): void => {
      way.at(y, timeStamp);
      far = Math.max(far, Math.abs(y - clientY));
      if (far <= TAP) return;
      at = Math.min(Math.max(from + clientY - y, pixels.low), pixels.full);
      this.drag(at);
    };
    const end = ({ timeStamp, type }: PointerEvent): void => {
      handle.removeEventListener("pointermove", follow);
      for (const last of ["pointerup", "pointercancel"] as const) handle.removeEventListener(last, end);
      this.drop(far <= TAP ? tapped(was) : rest(at, type === "pointerup" ? way.speed(timeStamp) : 0, pixels));
    };
    this.dragging = true;
    handle.setPointerCapture(pointerId);
    handle.addEventListener("pointermove", follow);
    for (const last of ["pointerup", "pointercancel"] as const) handle.addEventListener(last, end);
  }

  /** Under the finger; what the sheet has is seen on the way up. */
  private drag(height: number): void {
    document.body.classList.remove("folded");
    document.body.classList.add("dragged");
    document.body.style.setProperty("--dragged", `${height}px`);
  }

  private drop(height: Height): void {
    const from = this.pixelsNow();
    this.dragging = false;
    document.body.classList.remove("dragged");
    this.rest(height, true, from);
  }

  /** The heights as the style sheet has them, for this window and these words. */
  private pixels(): Pixels {
    const was = this.height;
    const each = HEIGHTS.map((height) => {
      this.become(height);
      return [height, this.pixelsNow()];
    });
    this.become(was);
    return Object.fromEntries(each) as Pixels;
  }
}

const isText = (target: EventTarget | null): boolean => target instanceof HTMLInputElement && target.type === "text";

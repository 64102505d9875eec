// What can be done with a layer: one menu for the whole list, opened beside the layer's button, by pointer or keys. It
// is a popover, so Escape and a click elsewhere close it, and the focus goes back to where it was.

import type { MapLayer } from "../state/types.ts";
import { opacityOf } from "../legend/opacity.ts";
import { button, el, setText } from "./dom.ts";
import type { LayerActions } from "./layers.ts";

const LONGEST_TITLE = 200; // characters, as the server takes them
const EDGE = 8; // pixels that stay free around it
const STILL = 2; // pixels: less is no move
const FADE_MS = 250; // between two steps of a slider that is dragged, which everybody sees

export class LayerMenu {
  readonly element = el("div", { id: "layer-menu", role: "dialog", popover: "auto" });
  private layer: MapLayer | null = null;
  private layers: MapLayer[] = []; // top first
  private anchor: HTMLElement | null = null;
  private placed = 0; // where on the screen its button was then
  private closedBy: HTMLElement | null = null; // whose press has just closed it
  private readonly name = el("input", { type: "text", maxLength: LONGEST_TITLE, autocomplete: "off" });
  private fading = false;
  private faded: { layer: MapLayer; value: number } | null = null; // what is to be sent yet
  private readonly opacity = el("input", { type: "range", min: "0", max: "100", step: "5" });
  private readonly percent = el("output", {});
  private readonly buttons: { [what in keyof typeof VERBS]: HTMLButtonElement };

  constructor(private readonly actions: LayerActions) {
    const make = (what: keyof typeof VERBS): HTMLButtonElement => button(VERBS[what], () => this.run(what), { className: `menu-${what}` });
    this.buttons = { find: make("find"), up: make("up"), down: make("down"), reset: make("reset"), remove: make("remove") };
    const fields = [el("label", {}, "Name", this.name), el("label", {}, "Opacity", this.opacity, this.percent)];
    this.element.append(...fields, ...Object.values(this.buttons));
    document.body.append(this.element);
    this.name.addEventListener("change", () => this.rename());
    this.name.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault(); // or it presses the button that has the focus then
      this.close();
    });
    this.opacity.addEventListener("input", () => void this.fade());
    this.element.addEventListener("keydown", (event) => this.onKey(event));
    this.element.addEventListener("toggle", (event) => this.toggled((event as ToggleEvent).newState === "open"));
    // A press beside an open popover closes it: on the button that opened it, it is not to open it again.
    addEventListener("pointerdown", ({ target }) => (this.closedBy = this.layer && this.anchor?.contains(target as Node) ? this.anchor : null), true);
  }

  toggle(anchor: HTMLElement, layer: MapLayer): void {
    if (this.closedBy === anchor) return void (this.closedBy = null);
    this.anchor = anchor;
    this.fill(layer, true);
    this.element.showPopover();
    this.place(anchor.getBoundingClientRect());
    this.buttons.find.focus();
  }

  close(): void {
    if (this.layer) this.element.hidePopover();
  }

  /** Something has scrolled: beside a button that has gone elsewhere it means nothing. */
  scrolled(): void {
    if (this.layer && this.anchor && Math.abs(this.anchor.getBoundingClientRect().top - this.placed) > STILL) this.close();
  }

  /** A layer that changes meanwhile is shown as it is now; the menu of one that goes, goes. */
  update(layers: MapLayer[]): void {
    this.layers = layers;
    if (!this.layer) return;
    const now = layers.find((one) => one.id === this.layer!.id);
    if (now) this.fill(now, now.title !== this.layer.title);
    else this.close();
  }

  private fill(layer: MapLayer, renamed: boolean): void {
    this.layer = layer;
    const title = layer.title || layer.id;
    this.element.ariaLabel = title;
    if (renamed) this.name.value = title;
    const opacity = opacityOf(layer);
    if (document.activeElement !== this.opacity) this.opacity.value = String(opacity === null ? 100 : Math.round(opacity * 100));
    if (!this.fading) setText(this.percent, opacity === null ? "by data" : `${Math.round(opacity * 100)} %`);
    for (const [what, made] of Object.entries(this.buttons)) made.ariaLabel = `${VERBS[what as keyof typeof VERBS]}: ${title}`;
    // Not `disabled`, which would drop the focus of who moves a layer step by step to the end.
    const at = this.layers.findIndex((one) => one.id === layer.id);
    this.buttons.up.setAttribute("aria-disabled", String(at <= 0));
    this.buttons.down.setAttribute("aria-disabled", String(at === this.layers.length - 1));
    this.buttons.reset.setAttribute("aria-disabled", String(!layer.restyled && layer.filter === undefined));
  }

  private run(what: keyof typeof VERBS): void {
    const layer = this.layer;
    if (!layer || this.buttons[what].ariaDisabled === "true") return;
    const at = this.layers.findIndex((one) => one.id === layer.id);
    if (what === "up") return void this.actions.move(layer, { above: this.layers[at - 1]!.id });
    if (what === "down") return void this.actions.move(layer, { below: this.layers[at + 1]!.id });
    this.close();
    if (what === "find") this.actions.find(layer);
    if (what === "remove") this.actions.remove(layer);
    if (what === "reset") void this.send(layer, "Resetting", "reset_layer_style", {});
  }

  private rename(): void {
    const title = this.name.value.trim();
    if (this.layer && title && title !== this.layer.title) void this.send(this.layer, "Renaming", "set_layer_details", { title });
  }

  /** While it is dragged: one step on its way at a time, and in the end where it rests, though the menu is closed by then. */
  private async fade(): Promise<void> {
    setText(this.percent, `${this.opacity.value} %`);
    this.faded = this.layer && { layer: this.layer, value: Number(this.opacity.value) / 100 };
    if (this.fading) return;
    this.fading = true;
    while (this.faded) {
      const { layer, value } = this.faded;
      this.faded = null;
      const pause = new Promise((resolve) => setTimeout(resolve, FADE_MS));
      await this.send(layer, "Fading", "set_layer_paint", { property: "opacity", value });
      await pause;
    }
    this.fading = false;
  }

  private async send(layer: MapLayer, what: string, name: string, args: object): Promise<void> {
    await this.actions.send(`${what} ${layer.title || layer.id}`, name, { layer_id: layer.id, ...args });
  }

  private onKey(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || document.activeElement === this.opacity) return;
    event.preventDefault();
    const all = [this.name, this.opacity, ...Object.values(this.buttons)];
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    all[(at + step + all.length) % all.length]!.focus();
  }

  private toggled(open: boolean): void {
    this.anchor?.setAttribute("aria-expanded", String(open));
    if (!open) this.layer = null;
  }

  /** Beside its button where there is room, else as far inside as it goes. */
  private place({ right, top }: DOMRect): void {
    this.placed = top;
    const { width, height } = this.element.getBoundingClientRect();
    this.element.style.left = `${Math.max(EDGE, Math.min(right + EDGE, innerWidth - width - EDGE))}px`;
    this.element.style.top = `${Math.max(EDGE, Math.min(top, innerHeight - height - EDGE))}px`;
  }
}

const VERBS = { find: "Zoom to", up: "Move up", down: "Move down", reset: "Reset style", remove: "Remove" } as const;

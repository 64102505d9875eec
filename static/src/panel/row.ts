// One layer in the list: its name and whether it is shown, what its colours mean, and what else there is to say of it.
// What can be done with it is in its menu. Its element keeps what others put into it.

import type { Legend } from "../legend/types.ts";
import type { Beside } from "../map/beside.ts";
import { styleLayersOf } from "../state/style.ts";
import type { MapLayer, StyleLayer } from "../state/types.ts";
import { button, el, iconButton, setText } from "./dom.ts";
import { explained } from "./explained.ts";
import type { LayerActions } from "./layers.ts";
import { drawLegend, drawSwatch } from "./legend.ts";
import type { LayerMenu } from "./menu.ts";
import type { Reorder } from "./reorder.ts";
import { RowProblems } from "./row_problems.ts";

const LOCALE = globalThis.navigator?.language; // the reader's

export class Row {
  readonly element: HTMLLIElement;
  readonly problems = new RowProblems();
  private layer!: MapLayer;
  private drawn: StyleLayer[] = [];
  private picture: string | undefined;
  private said = ""; // the legend that is drawn
  private readonly check = el("input", { type: "checkbox", className: "eye" });
  private readonly swatch = el("span", { className: "swatch-place" });
  private readonly name = el("span", { className: "name" });
  private readonly handle = iconButton("grip", "Move", () => undefined);
  private readonly more = iconButton("more", "More", () => this.menu.toggle(this.more, this.layer));
  private readonly hint = el("p", { className: "hint" });
  private readonly filters = el("div", { className: "filters" });
  private readonly added = el("span", { className: "added" });
  private readonly reset = button("Reset", () => this.resets());
  private readonly restyled = el("span", { className: "restyled", hidden: true }, "Restyled ", this.reset);
  private readonly legend = el("div", { className: "legend" });

  constructor(private readonly actions: LayerActions, private readonly menu: LayerMenu, reorder: Reorder, private readonly beside: Beside) {
    this.check.addEventListener("change", () => void this.toggle());
    this.handle.classList.add("handle");
    this.more.setAttribute("aria-haspopup", "dialog");
    const label = el("label", {}, this.swatch, this.name, this.check);
    const head = el("div", { className: "row-head" }, this.handle, label, this.more);
    const about = el("p", { className: "about" }, this.added, this.restyled);
    const body = el("div", { className: "row-body" }, about, this.hint, this.filters, this.legend);
    this.element = el("li", {}, head, this.problems.element, body);
    reorder.take(this.element, this.handle);
  }

  update(layer: MapLayer): void {
    if (layer === this.layer) return;
    if (this.layer?.source !== layer.source) this.picture = undefined;
    this.layer = layer;
    this.drawn = styleLayersOf({ ...layer, visible: true });
    const title = layer.title || layer.id;
    setText(this.name, title);
    this.name.title = title;
    this.check.checked = layer.visible;
    this.check.title = layer.visible ? "Hide" : "Show";
    this.element.dataset.layer = layer.id;
    this.element.classList.toggle("hidden-layer", !layer.visible);
    const names = [[this.handle, "Move"], [this.more, "More"], [this.reset, "Reset the style"]] as const;
    for (const [button, verb] of names) button.ariaLabel = `${verb}: ${title}`;
    this.tell();
  }

  /** What only a change of the layer changes, and the legend. */
  tell(): void {
    const room = explained();
    if (!room) return;
    setText(this.added, room.addedBy(this.layer, new Date(), LOCALE));
    this.restyled.hidden = !room.isRestyled(this.layer);
    this.filters.replaceChildren(...room.filtersTold(this.layer, LOCALE).map(({ words, target }) => this.filter(words, target)));
    this.explain(room);
  }

  /** The zoom is another, or something of it has come. */
  turned(): void {
    const room = explained();
    if (!room) return;
    setText(this.hint, room.zoomHint(this.layer, this.drawn, this.beside.zoom()));
    if ((this.isPictures() && !this.picture) || room.turnsWithZoom(this.drawn)) this.explain(room);
  }

  private explain({ legendOf, zoomHint }: NonNullable<ReturnType<typeof explained>>): void {
    setText(this.hint, zoomHint(this.layer, this.drawn, this.beside.zoom()));
    if (this.isPictures()) this.picture ??= this.beside.picture(this.layer);
    const legend = legendOf(this.layer, this.drawn, { zoom: this.beside.zoom(), locale: LOCALE });
    const said = JSON.stringify([legend, this.picture]);
    if (said === this.said) return;
    this.said = said;
    this.swatch.replaceChildren(...headSwatch(legend));
    this.legend.replaceChildren(...drawLegend(legend, this.picture));
  }

  private isPictures(): boolean {
    return this.drawn.some(({ type }) => type === "raster");
  }

  private filter(words: string, target: string): HTMLElement {
    const clear = button("Clear", () => void this.actions.send(`Clearing the filter of ${this.layer.title || this.layer.id}`, "filter_layer", { layer_id: target, filter: null }));
    clear.ariaLabel = `Clear the filter: ${words}`;
    return el("p", {}, el("span", { title: words }, words), " · ", clear);
  }

  private resets(): void {
    void this.actions.send(`Resetting ${this.layer.title || this.layer.id}`, "reset_layer_style", { layer_id: this.layer.id });
  }

  /** A refused change springs back. */
  private async toggle(): Promise<void> {
    if (!(await this.actions.show(this.layer, this.check.checked))) this.check.checked = this.layer.visible;
  }
}

const headSwatch = ({ swatch }: Legend): SVGElement[] => (swatch ? [drawSwatch(swatch)] : []);

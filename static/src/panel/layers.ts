// The list of layers, top first. Rows are kept by id, so that a change elsewhere never takes the focus away.

import type { SaidProblem } from "../map/errors.ts";
import type { MapLayer } from "../state/types.ts";
import { el, iconButton, setText } from "./dom.ts";
import { RowProblems } from "./row_problems.ts";

export interface LayerActions {
  /** Whether it was done. */
  show(layer: MapLayer, visible: boolean): Promise<boolean>;
  /** `above` and `below` name the neighbour that the layer is to pass. */
  move(layer: MapLayer, place: { above: string } | { below: string }): Promise<unknown>;
  find(layer: MapLayer): Promise<unknown>;
  remove(layer: MapLayer): void;
}

export class LayerList {
  private readonly rows = new Map<string, Row>();
  private failed: SaidProblem[] = [];

  constructor(private readonly list: HTMLElement, private readonly empty: HTMLElement, private readonly actions: LayerActions) {}

  /** `layers` bottom to top, as in the state. */
  update(layers: MapLayer[]): void {
    const shown = layers.toReversed();
    const kept = new Set(shown.map((layer) => layer.id));
    for (const [id, row] of this.rows) if (!kept.has(id)) this.drop(id, row);
    const focused = document.activeElement as HTMLElement | null;
    shown.forEach((layer, place) => {
      const row = this.row(layer);
      row.update(layer, shown[place - 1], shown[place + 1]);
      if (this.list.children[place] !== row.element) this.list.insertBefore(row.element, this.list.children[place] ?? null);
    });
    if (focused && focused !== document.activeElement && this.list.contains(focused)) focused.focus();
    this.empty.hidden = layers.length > 0;
  }

  /** What could not be drawn stands in the row of its layer, and goes with it. */
  problems(all: SaidProblem[]): void {
    this.failed = all;
    for (const [id, row] of this.rows) row.problems.show(all.filter(({ layer_id }) => layer_id === id));
  }

  private row(layer: MapLayer): Row {
    const known = this.rows.get(layer.id);
    if (known) return known;
    const row = new Row(this.actions);
    this.rows.set(layer.id, row);
    row.problems.show(this.failed.filter(({ layer_id }) => layer_id === layer.id));
    return row;
  }

  private drop(id: string, row: Row): void {
    const next = row.element.contains(document.activeElement) ? row.element.nextElementSibling ?? row.element.previousElementSibling : null;
    row.element.remove();
    this.rows.delete(id);
    next?.querySelector("input")?.focus();
  }
}

class Row {
  readonly element: HTMLLIElement;
  readonly problems = new RowProblems();
  private layer!: MapLayer;
  private above: MapLayer | undefined;
  private below: MapLayer | undefined;
  private readonly check = el("input", { type: "checkbox" });
  private readonly swatch = el("span", { className: "swatch" });
  private readonly name = el("span", { className: "name" });
  private readonly up = iconButton("up", "Move up", () => this.above && this.actions.move(this.layer, { above: this.above.id }));
  private readonly down = iconButton("down", "Move down", () => this.below && this.actions.move(this.layer, { below: this.below.id }));
  private readonly find = iconButton("find", "Zoom to", () => this.actions.find(this.layer));
  private readonly remove = iconButton("remove", "Remove", () => this.actions.remove(this.layer));

  constructor(private readonly actions: LayerActions) {
    this.check.addEventListener("change", () => void this.toggle());
    const buttons = el("span", { className: "buttons" }, this.up, this.down, this.find, this.remove);
    this.element = el("li", {}, el("label", {}, this.check, this.swatch, this.name), buttons, this.problems.element);
  }

  update(layer: MapLayer, above: MapLayer | undefined, below: MapLayer | undefined): void {
    [this.above, this.below] = [above, below];
    // Not `disabled`, which would drop the focus of who moves a layer step by step to the end.
    this.up.setAttribute("aria-disabled", String(!above));
    this.down.setAttribute("aria-disabled", String(!below));
    if (layer === this.layer) return;
    this.layer = layer;
    const title = layer.title || layer.id;
    setText(this.name, title);
    this.name.title = title;
    this.check.checked = layer.visible;
    this.element.dataset.layer = layer.id;
    this.element.classList.toggle("hidden-layer", !layer.visible);
    this.swatch.style.backgroundColor = colorOf(layer);
    const names = [[this.up, "Move up"], [this.down, "Move down"], [this.find, "Zoom to"], [this.remove, "Remove"]] as const;
    for (const [button, verb] of names) button.ariaLabel = `${verb}: ${title}`;
  }

  /** A refused change springs back. */
  private async toggle(): Promise<void> {
    if (!(await this.actions.show(this.layer, this.check.checked))) this.check.checked = this.layer.visible;
  }
}

const COLORS = ["fill-color", "circle-color", "line-color", "text-color", "fill-extrusion-color", "background-color"];

function colorOf({ style_layers, restyled = {} }: MapLayer): string {
  for (const style of style_layers) {
    const paint = { ...style.paint, ...restyled[style.id]?.paint };
    const color = COLORS.map((name) => paint[name]).find((value) => typeof value === "string");
    if (color) return color as string;
  }
  return "";
}

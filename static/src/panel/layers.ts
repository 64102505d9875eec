// The list of layers, top first. Rows are kept by id, so that a change elsewhere never takes the focus away. From a
// dozen layers on there is a field to find one by its name.

import type { Beside } from "../map/beside.ts";
import type { SaidProblem } from "../map/errors.ts";
import type { MapLayer } from "../state/types.ts";
import { el } from "./dom.ts";
import { whenExplained } from "./explained.ts";
import { LayerMenu } from "./menu.ts";
import { Reorder, type Place } from "./reorder.ts";
import { Row } from "./row.ts";

const SEARCH_FROM = 12; // layers

export interface LayerActions {
  /** Whether it was done. */
  show(layer: MapLayer, visible: boolean): Promise<boolean>;
  move(layer: MapLayer, place: Place): Promise<unknown>;
  find(layer: MapLayer): unknown;
  remove(layer: MapLayer): void;
  /** Sends a change by its tool's name; `what` says in words what was to happen. Whether it was done. */
  send(what: string, name: string, args: object): Promise<boolean>;
}

export class LayerList {
  private readonly rows = new Map<string, Row>();
  private readonly menu: LayerMenu;
  private readonly reorder: Reorder;
  private readonly search = el("input", { type: "search", id: "find-layer", placeholder: "Find a layer", ariaLabel: "Find a layer", hidden: true });
  private readonly none = el("p", { className: "no-match", role: "status" });
  private layers: MapLayer[] = []; // top first
  private failed: SaidProblem[] = [];

  constructor(private readonly list: HTMLElement, private readonly empty: HTMLElement, private readonly actions: LayerActions, private readonly beside: Beside) {
    this.menu = new LayerMenu(actions);
    this.reorder = new Reorder(list, (id, place) => {
      const layer = this.layers.find((one) => one.id === id);
      if (layer) void actions.move(layer, place);
    });
    list.before(this.search);
    list.after(this.none);
    this.search.addEventListener("input", () => this.sift());
    document.addEventListener("scroll", () => this.menu.scrolled(), { passive: true, capture: true });
    whenExplained(() => this.rows.forEach((row) => row.tell()));
    beside.whenTurned(() => this.rows.forEach((row) => row.turned()));
  }

  /** `layers` bottom to top, as in the state. */
  update(layers: MapLayer[]): void {
    this.layers = layers.toReversed();
    const kept = new Set(layers.map((layer) => layer.id));
    for (const [id, row] of this.rows) if (!kept.has(id)) this.drop(id, row);
    const focused = document.activeElement as HTMLElement | null;
    this.layers.forEach((layer, place) => {
      const row = this.row(layer);
      row.update(layer);
      if (this.list.children[place] !== row.element) this.list.insertBefore(row.element, this.list.children[place] ?? null);
    });
    if (focused && focused !== document.activeElement && this.list.contains(focused)) focused.focus();
    this.empty.hidden = layers.length > 0;
    this.menu.update(this.layers);
    this.sift();
  }

  /** What could not be drawn stands in the row of its layer, and goes with it. */
  problems(all: SaidProblem[]): void {
    this.failed = all;
    for (const [id, row] of this.rows) row.problems.show(all.filter(({ layer_id }) => layer_id === id));
  }

  private row(layer: MapLayer): Row {
    const known = this.rows.get(layer.id);
    if (known) return known;
    const row = new Row(this.actions, this.menu, this.reorder, this.beside);
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

  /** Shows the rows whose names have what is looked for. */
  private sift(): void {
    this.search.hidden = this.layers.length < SEARCH_FROM;
    const wanted = this.search.hidden ? "" : plain(this.search.value.trim());
    let found = 0;
    for (const { id, title } of this.layers) {
      const shown = plain(title || id).includes(wanted);
      this.rows.get(id)!.element.hidden = !shown;
      found += Number(shown);
    }
    this.none.textContent = wanted && !found ? "No layer is called so." : "";
  }
}

/** Without case and accents. */
const plain = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

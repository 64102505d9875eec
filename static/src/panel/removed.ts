// "Removed Roads. Undo": a line for each layer that was removed a moment ago.

import type { MapLayer } from "../state/types.ts";
import { button, byId, el } from "./dom.ts";

export function showRemoved(layers: MapLayer[], undo: (id: string) => void): void {
  const list = byId("removed");
  const wanted = new Set(layers.map(({ id }) => id));
  const rows = [...list.children] as HTMLElement[];
  for (const row of rows) if (!wanted.has(row.dataset.layer!)) row.remove();
  const shown = new Set(rows.map((row) => row.dataset.layer));
  for (const layer of layers) if (!shown.has(layer.id)) list.append(rowOf(layer, undo));
}

function rowOf({ id, title }: MapLayer, undo: (id: string) => void): HTMLElement {
  const back = (): void => {
    undo(id);
    document.querySelector<HTMLElement>(`#layers li[data-layer="${CSS.escape(id)}"] input`)?.focus();
  };
  const row = el("li", {}, el("span", {}, "Removed ", el("strong", {}, title || id), "."), button("Undo", back, { ariaLabel: `Undo: ${title || id}` }));
  row.dataset.layer = id;
  return row;
}

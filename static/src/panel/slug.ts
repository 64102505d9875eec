// Makes a layer id of a file's name. Pure.

import type { MapLayer } from "../state/types.ts";

const LONGEST = 60;

export function slug(fileName: string): string {
  const name = fileName.replace(/\.(geo)?json$/i, "").normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
  const plain = name.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, LONGEST).replace(/^-+|-+$/g, "");
  return plain || "data";
}

/** The same file again replaces its layer; another layer that only happens to have the id is left alone. */
export function layerIdFor(fileName: string, layers: readonly MapLayer[]): string {
  const base = slug(fileName);
  const leaves = (layer: MapLayer, id: string): boolean =>
    layer.id === id ? layer.title === fileName : layer.style_layers.every((style) => style.id !== id);
  const isFree = (id: string): boolean => layers.every((layer) => leaves(layer, id));
  let id = base;
  for (let number = 2; !isFree(id); number++) id = `${base}-${number}`;
  return id;
}

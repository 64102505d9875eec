// Which assistants are here, of what the frame `presence` says of models, in words. Pure.

import type { Model } from "../state/types.ts";

const MOST = 20; // that are read of a frame
const MOST_NAMED = 3;
const MAX_NAME = 40; // characters

/** The models of a frame; none where the server does not tell of them. */
export function modelsIn(frame: any): Model[] {
  if (!Array.isArray(frame?.models)) return [];
  return frame.models.slice(0, MOST).map((model: any) => ({
    name: cut(String(model?.name || "An assistant")),
    id: String(model?.id ?? ""),
    drawing: Boolean(model?.drawing),
  }));
}

/** Who is here, and whether they draw; an empty text for nobody. */
export function whoIsHere(models: readonly Model[]): string {
  if (!models.length) return "";
  const is = models.length === 1 ? "is" : "are";
  return `${named(models)} ${is} here${models.some(({ drawing }) => drawing) ? " and drawing" : ""}`;
}

function named(models: readonly Model[]): string {
  if (models.length > MOST_NAMED) return `${models.length} assistants`;
  const names = models.map(({ name }, at) => (models.findIndex((model) => model.name === name) < at ? `another ${name}` : name));
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names[0]!;
}

const cut = (name: string): string => (name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name);

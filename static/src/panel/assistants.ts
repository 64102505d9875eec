// Which assistants are here, of what the frame `presence` says of models, in words. Pure.

import type { Model } from "../state/types.ts";

const MOST_NAMED = 3;
const MAX_NAME = 40; // characters

/** Who is here, and whether they draw; an empty text for nobody. */
export function whoIsHere(models: readonly Model[]): string {
  if (!models.length) return "";
  const is = models.length === 1 ? "is" : "are";
  return `${named(models)} ${is} here${models.some(({ drawing }) => drawing) ? " and drawing" : ""}`;
}

function named(models: readonly Model[]): string {
  if (models.length > MOST_NAMED) return `${models.length} assistants`;
  const names = models.map(({ name }, at) => (models.findIndex((model) => model.name === name) < at ? `another ${cut(name)}` : cut(name)));
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names[0]!;
}

const cut = (name: string): string => (name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name);

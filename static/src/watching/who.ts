// Who did something: what they are called here, and a colour of their own that stays the same for everybody.

import type { MapEvent } from "../state/types.ts";
import type { Model } from "./calls.ts";

export interface Who {
  id: string; // tells them apart
  name: string;
  hue: number; // degrees
}

const NAMELESS = { person: "Somebody", model: "A model", system: "The server" };

/** `you` is the id of the reader's own events; empty where that is not known. */
export function whoOf({ origin, agent }: MapEvent, models: readonly Model[], you: string): Who {
  const { kind = "system", id = "", name = "" } = origin ?? {};
  const own = kind === "person" && id !== "" && id === you;
  const present = models.find((model) => model.id === agent);
  const shown = own ? "You" : present?.name || name || NAMELESS[kind] || "Somebody";
  const key = agent ?? `${kind} ${id}`;
  return { id: key, name: shown, hue: hueOf(key) };
}

export const whoCalls = ({ model, name }: { model: string; name: string }): Who => ({ id: model, name, hue: hueOf(model) });

export const isOwn = (event: MapEvent, you: string): boolean => you !== "" && event.origin?.kind === "person" && event.origin.id === you;

function hueOf(key: string): number {
  let hash = 2166136261; // FNV-1a
  for (const letter of key) hash = Math.imul(hash ^ letter.codePointAt(0)!, 16777619);
  return (hash >>> 0) % 360;
}

// Who did something: what they are called, and their colour, as in the list of people.

import { colorOf, givenName } from "../people/names.ts";
import type { MapEvent, Model } from "../state/types.ts";

export interface Who {
  id: string; // tells them apart
  name: string;
  color: string; // as CSS
}

const NAMELESS = { person: "Somebody", model: "A model", system: "The server" };

/** `you` is the id of the reader's own events; empty where that is not known. */
export function whoOf({ origin, agent }: MapEvent, models: readonly Model[], you: string): Who {
  const { kind = "system", id = "", name = "" } = origin ?? {};
  const own = kind === "person" && id !== "" && id === you;
  const present = models.find((model) => model.id === agent);
  const given = kind === "person" && id ? givenName(id) : (NAMELESS[kind] ?? NAMELESS.person);
  return { id: agent === undefined ? `${kind} ${id}` : modelKey(agent), name: own ? "You" : present?.name || name || given, color: colorOf(agent ?? id) };
}

export const modelKey = (id: string): string => `model ${id}`;

export const whoCalls = ({ model, name }: { model: string; name: string }): Who => ({ id: modelKey(model), name, color: colorOf(model) });

export const isOwn = (event: MapEvent, you: string): boolean => you !== "" && event.origin?.kind === "person" && event.origin.id === you;

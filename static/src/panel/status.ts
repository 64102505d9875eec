// The facts about the map as text: its title, the line to the server, where changes are kept, who is here, what failed.

import type { Connection } from "../wire/stream.ts";
import type { Problem } from "../wire/presence.ts";
import { byId, el, setText } from "./dom.ts";

const CONNECTION: { [K in Connection]: string } = {
  connecting: "Connecting …",
  open: "Connected",
  lost: "Not connected. Trying again …",
  paused: "Paused while this tab is hidden",
  gone: "Not connected",
};

const DURABILITY: { [word: string]: string } = {
  disk: "Saved on disk",
  sqlite: "Saved on disk",
  memory: "Kept in memory only",
  shared: "Saved on the server",
  redis: "Saved on the server",
};

const MESSAGE_MS = 12_000;
const MOST_NAMES = 8; // of people, in one line

export function showTitle(title: string): void {
  setText(byId("title"), title || "Untitled map");
  document.title = title ? `${title} · mapsrv` : "mapsrv";
}

export function showConnection(connection: Connection): void {
  setText(byId("connection"), CONNECTION[connection]);
  const seen = connection === "open" || connection === "connecting" ? connection : "lost";
  document.documentElement.dataset.connection = seen;
}

export interface Status {
  durability?: string;
  pending?: number;
  refused?: string[] | boolean; // what the server takes no more, and why not
}

export function showStatus({ durability, pending, refused }: Status): void {
  const parts = [durability ? (DURABILITY[durability] ?? sentence(durability)) : ""];
  if (pending) parts.push(pending === 1 ? "1 change waits to be saved" : `${pending} changes wait to be saved`);
  if (Array.isArray(refused)) parts.push(...refused.filter((reason) => typeof reason === "string"));
  else if (refused) parts.push("Changes are refused for now");
  setText(byId("durability"), parts.filter(Boolean).join(". "));
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1).replaceAll("_", " ");

export function showPeople({ count = 0, viewers = [] }: { count?: number; viewers?: { name?: string }[] }): void {
  const names = viewers.map((viewer) => viewer.name).filter(Boolean).slice(0, MOST_NAMES);
  const people = count === 1 ? "1 person here" : `${count} people here`;
  setText(byId("people"), names.length ? `${people}: ${names.join(", ")}` : people);
}

let forgetting: ReturnType<typeof setTimeout>;

/** An answer to what the person just did. */
export function showMessage(text: string): void {
  clearTimeout(forgetting);
  setText(byId("message"), text);
  if (text) forgetting = setTimeout(() => setText(byId("message"), ""), MESSAGE_MS);
}

export function showProblems(problems: Problem[], titleOf: (layerId: string) => string): void {
  const text = ({ layer_id, message }: Problem): string => (layer_id === undefined ? message : `${titleOf(layer_id)}: ${message}`);
  const lines = problems.map((problem) => el("li", {}, text(problem)));
  byId("problem-list").replaceChildren(...lines);
  byId("problems").hidden = lines.length === 0;
}

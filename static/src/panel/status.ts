// The facts about the map as text: its title, the line to the server, where changes are kept, who is here, what failed.

import type { Problem } from "../map/errors.ts";
import { byId, el, setText } from "./dom.ts";
import { Line, type Said } from "./line.ts";
import { Saving, type Words } from "./saving.ts";

const LINE: { [K in Said]: string } = {
  connecting: "Connecting …",
  open: "Connected",
  reconnecting: "Reconnecting …",
  lost: "Not connected. Trying again …",
  paused: "Paused while this tab is hidden",
  gone: "Not connected",
};

const MESSAGE_MS = 12_000;

export function showTitle(title: string): void {
  setText(byId("title"), title || "Untitled map");
  document.title = title ? `${title} · mapsrv` : "mapsrv";
}

/** What is said of the line to the server; what it really is stands in `data-connection`. */
export const line = new Line((said) => {
  setText(byId("connection"), LINE[said]);
  byId("connection").dataset.said = said;
  byId("connection").classList.toggle("unusual", said === "reconnecting" || said === "lost");
});

export const saving = new Saving(({ fact, news, waiting }: Words) => {
  setText(byId("durability"), fact);
  setText(byId("news"), news);
  setText(byId("waiting"), waiting);
  byId("saving").classList.toggle("unusual", news !== "");
});

/** Who they are stands in the list of people. */
export function showPeople({ count = 0 }: { count?: number }): void {
  setText(byId("people"), count === 1 ? "1 person here" : `${count} people here`);
}

/** A quiet line: it is a fact, and nothing that a person has to act on. */
export function showLooked(by: string): void {
  const at = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  setText(byId("looked"), `${by} looked at the map at ${at}`);
}

let forgetting: ReturnType<typeof setTimeout>;

/** An answer to what the person just did. */
export function showMessage(text: string): void {
  clearTimeout(forgetting);
  setText(byId("message"), text);
  if (text) forgetting = setTimeout(() => setText(byId("message"), ""), MESSAGE_MS);
}

export function showProblems(problems: Problem[], titleOf: (layerId: string) => string): void {
  const words = (problem: Problem): string => [problem.text, problem.fix].filter(Boolean).join(" ");
  const text = (problem: Problem): string =>
    problem.layer_id === undefined ? words(problem) : `${titleOf(problem.layer_id)}: ${words(problem)}`;
  const lines = problems.map((problem) => el("li", {}, text(problem)));
  byId("problem-list").replaceChildren(...lines);
  byId("problems").hidden = lines.length === 0;
}

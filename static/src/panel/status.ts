// The facts about the map as text: its title, the line to the server, where changes are kept, who is here, what failed.

import type { SaidProblem } from "../map/errors.ts";
import { byId, el, setText } from "./dom.ts";
import { Line, type Said } from "./line.ts";
import { Saving, type Words } from "./saving.ts";
import { Waiting } from "../wire/waiting.ts";

const LINE: { [K in Said]: string } = {
  connecting: "Connecting …",
  open: "Connected",
  silent: "The server does not answer …",
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
  byId("connection").classList.toggle("unusual", said === "reconnecting" || said === "lost" || said === "silent");
  document.body.classList.toggle("cut", said !== "open"); // hides what is known only while the line is there
});

/** Changes from here that have no answer yet. */
export const waiting = new Waiting(({ what, trouble }) => {
  setText(byId("sending"), what.length > 1 ? `${what.length} changes wait for the server` : what.map((one) => `${one}: waits for the server`).join(""));
  byId("sending").classList.toggle("unusual", trouble);
  line.trouble(trouble);
});

export const saving = new Saving(({ fact, news, waiting }: Words) => {
  setText(byId("durability"), fact);
  setText(byId("news"), news);
  setText(byId("waiting"), waiting);
  byId("saving").classList.toggle("unusual", news !== "");
});

/** Who they are stands in the list of people. */
export function showPeople(count: number): void {
  setText(byId("people"), count === 1 ? "1 person here" : `${count} people here`);
}

/** A quiet line: it is a fact, and nothing that a person has to act on. */
export function showLooked(by: string): void {
  const at = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  setText(byId("looked"), `${by} looked at the map at ${at}`);
}

let forgetting: ReturnType<typeof setTimeout>;

/** An answer to what the person just did; `lasts` until the next. */
export function showMessage(text: string, lasts = false): void {
  clearTimeout(forgetting);
  setText(byId("message"), text);
  if (text && !lasts) forgetting = setTimeout(() => setText(byId("message"), ""), MESSAGE_MS);
}

/** What failed and is no layer's: that stands in the layer's row. */
export function showProblems(problems: SaidProblem[]): void {
  const lines = problems.filter(({ layer_id }) => layer_id === undefined).map(({ words }) => el("li", {}, words));
  byId("problem-list").replaceChildren(...lines);
  byId("problems").hidden = lines.length === 0;
}

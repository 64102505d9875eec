// The list of all that was done: by whom, what, when. Older pages come as it is scrolled; a click goes to the place.

import { button, byId, el, iconButton, setText } from "../panel/dom.ts";
import type { Part } from "../part.ts";
import { isKnownOp } from "../state/apply.ts";
import type { MapEvent, MapState } from "../state/types.ts";
import type { Connection } from "../wire/stream.ts";
import { History, type Line, type Logged, type LogPage, type Turn } from "./history.ts";
import { dot, type Now } from "./now.ts";
import type { Whereabouts } from "./whereabouts.ts";
import type { Act } from "./words.ts";

const NEAR_END = 200; // pixels of the list below which older ones are asked for
const END: { [older in History["older"]]: string } = {
  more: "",
  none: "The map begins here.",
  forgotten: "What came before is not kept.",
};
const PLACE_MS = 800; // a tick of presence, and its way
const NOTHING = "Nothing has been done yet.";
const READING = "Reading …";
const AWAY = "The list could not be read. Close it and open it again to try.";

export interface ActivitySetting {
  log(before: string): Promise<LogPage>;
  go(act: Act): void;
  whereabouts: Whereabouts;
}

export class Activity implements Part {
  private readonly dialog = byId<HTMLDialogElement>("activity");
  private readonly body = byId("activity-body");
  private readonly history = new History();
  private state: MapState | null = null;
  private names = ""; // of the models that are here, by which two are told apart
  private isRead = false; // the newest page is here, and all that came since
  private asking = false;
  private failed = false;
  private came: Logged[] = []; // while the newest page is on its way
  private readonly unplaced = new Map<Element, Line>(); // lines of which it is not said yet where they lead
  private readonly inView = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) if (isIntersecting) void this.place(target);
  });
  private taken = 0; // how often the whole state was: what was asked before is of another time

  constructor(private readonly now: Now, private readonly setting: ActivitySetting) {
    byId("activity-open").onclick = () => (this.dialog.open ? this.close() : this.open());
    byId("activity-close").replaceWith(iconButton("remove", "Close", () => this.close()));
    this.body.addEventListener("scroll", () => this.scrolled());
    this.dialog.addEventListener("keydown", (event) => void (event.key === "Escape" && this.close()));
  }

  /** What came meanwhile is in no event: the list is read anew. */
  snapshot(state: MapState): void {
    this.state = state;
    this.history.clear();
    [this.isRead, this.came] = [false, []];
    this.taken++;
    if (this.dialog.open) void this.read();
  }

  event(event: MapEvent, state: MapState, _before: MapState, position: string): void {
    this.state = state;
    if (this.isRead) this.history.add({ ...event, position });
    else if (this.asking) this.came.push({ ...event, position });
    this.draw(true);
  }

  presence(): void {
    const names = JSON.stringify(this.now.models.map(({ id, name }) => [id, name]));
    if (names === this.names) return;
    this.names = names;
    this.draw();
  }

  connection(connection: Connection): void {
    if (connection === "open" && this.dialog.open && !this.isRead) void this.read();
  }

  private open(): void {
    this.dialog.show(); // beside the map, not over all else: who reads the list watches the map
    byId("activity-open").ariaExpanded = "true";
    this.failed = false;
    this.draw();
    this.body.scrollTop = 0; // the newest
    void this.read();
  }

  private close(): void {
    this.dialog.close();
    byId("activity-open").ariaExpanded = "false";
    byId("activity-open").focus();
  }

  private scrolled(): void {
    const left = this.body.scrollHeight - this.body.scrollTop - this.body.clientHeight;
    if (this.dialog.open && left < NEAR_END && !this.failed) void this.read();
  }

  /** Asks for the newest page, or the next older one; one at a time. */
  private async read(): Promise<void> {
    if (this.asking || (this.isRead && this.history.older !== "more")) return;
    this.asking = true;
    const [before, taken] = [this.isRead ? this.history.oldest : "", this.taken];
    const answer = await this.setting.log(before).catch(() => null);
    const page = Array.isArray(answer?.events) ? answer : null;
    this.asking = false;
    this.failed = page === null;
    if (page && taken === this.taken) this.take(page, before);
    this.draw();
    this.scrolled(); // a page may be too short to scroll
  }

  private take(page: LogPage, before: string): void {
    const events = page.events.map((event) => ({ ...event, ops: event.ops.filter(isKnownOp) }));
    if (before === "") this.history.start({ ...page, events }, this.came.splice(0));
    else if (before === this.history.oldest) this.history.append({ ...page, events });
    this.isRead = true;
  }

  private draw(grewOnTop = false): void {
    if (!this.dialog.open || !this.state) return;
    const [height, top] = [this.body.scrollHeight, this.body.scrollTop];
    const focused = (document.activeElement as HTMLElement | null)?.dataset.position;
    const turns = this.history.turns(this.state, this.now.models, this.now.you);
    this.inView.disconnect();
    this.unplaced.clear();
    byId("activity-list").replaceChildren(...turns.map((turn) => this.turn(turn)));
    for (const made of this.unplaced.keys()) this.inView.observe(made);
    const end = this.isRead ? (turns.length ? END[this.history.older] : NOTHING) : READING;
    setText(byId("activity-end"), this.failed ? AWAY : end);
    if (top > 0) this.body.scrollTop = top + (grewOnTop ? this.body.scrollHeight - height : 0); // what is read stays where it is
    if (focused) this.dialog.querySelector<HTMLElement>(`[data-position="${CSS.escape(focused)}"]`)?.focus();
  }

  private turn({ who, at, lines }: Turn): HTMLElement {
    const head = el("h3", {}, dot(who.color), el("span", { className: "who" }, who.name), timeOf(at));
    return el("li", {}, head, el("ul", {}, ...lines.map((line) => this.line(line))));
  }

  private line(line: Line): HTMLElement {
    const { at, go, position, camera } = line;
    const where = camera ? this.setting.whereabouts.said(camera) : undefined;
    const title = at?.toLocaleString() ?? "";
    if (!go) return el("li", { title }, wordsOf(line, where));
    const made = button(wordsOf(line, where), () => this.setting.go(go), { className: "plain", title });
    made.dataset.position = position;
    if (camera && where === undefined) this.unplaced.set(made, line);
    return el("li", {}, made);
  }

  /** Says where the view went of a line that has come into view, and stays a while: it may be told meanwhile. */
  private async place(made: Element): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, PLACE_MS));
    const line = this.unplaced.get(made);
    if (line?.camera) setText(made as HTMLElement, wordsOf(line, await this.setting.whereabouts.of(line.camera)));
  }
}

/** "Moves the view to Bern", "Adds Cities (2 times)". */
function wordsOf({ did, times }: Line, where: string | undefined): string {
  const words = did.charAt(0).toUpperCase() + did.slice(1) + (times > 1 ? ` (${times} times)` : "");
  return where === undefined ? words : `${words}${times > 1 ? ", last" : ""} to ${where}`;
}

function timeOf(at: Date | null): HTMLElement {
  if (!at) return el("time");
  const sameDay = at.toDateString() === new Date().toDateString();
  const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const day = at.toLocaleDateString([], { day: "numeric", month: "short" });
  return el("time", { dateTime: at.toISOString() }, sameDay ? time : `${day}, ${time}`);
}

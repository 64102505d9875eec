// Which one thing is told over the map at the moment, and until when. A change shows from its event, at once; what runs,
// reads or was refused shows from the presence frame. What only reads never takes the place of a change that is still
// told. No DOM: `show` draws it, and null folds it away.

import type { Call } from "../wire/presence_frame.ts";

export const FOLD_MS = 6_000; // after it ended, and after a hand that hovered over it has gone
const REMEMBERED = 50; // ends of events: a call's own end comes at most some seconds after its event

export interface Moment {
  who: { id: string; name: string; color: string };
  did: string;
  state: Call["state"];
  quiet: boolean; // it only reads
  layer?: string;
  reason?: string;
  position?: string; // where its event ended
}

export class Moments {
  private now: Moment | null = null;
  private call = ""; // whose end it waits for
  private held = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly known = new Map<string, Call["state"]>(); // calls of the last frame
  private readonly told = new Map<string, Moment>(); // the events that were shown, by where they ended
  private fresh = true; // what a first frame tells of has ended before anybody looked

  constructor(private readonly show: (moment: Moment | null) => void) {}

  /** The line broke, or the page is new: what ended meanwhile is no news. */
  begin(): void {
    this.fresh = true;
  }

  /** An event that another made, which ends at `position`. */
  event(moment: Moment, position: string): void {
    const made = { ...moment, position };
    this.told.set(position, made);
    if (this.told.size > REMEMBERED) this.told.delete(this.told.keys().next().value!);
    this.become(made, "");
  }

  /** The calls of a frame, the oldest first. `momentOf` says how one reads. */
  calls(calls: readonly Call[], momentOf: (call: Call) => Moment): void {
    const before = new Map(this.known);
    this.known.clear();
    for (const call of calls) {
      this.known.set(call.id, call.state);
      if (before.get(call.id) === call.state || (this.fresh && call.state !== "running")) continue;
      this.take(call, momentOf);
    }
    this.fresh = false;
    if (this.call && !this.known.has(this.call)) this.become(null, ""); // nobody waits for it any more
  }

  /** More is known by now of what is told; `change` gives back the same moment where it is another one. */
  amend(change: (moment: Moment) => Moment): void {
    const amended = this.now && change(this.now);
    if (amended === this.now) return;
    this.now = amended;
    this.show(amended);
  }

  hold(held: boolean): void {
    this.held = held;
    this.later();
  }

  private take(call: Call, momentOf: (call: Call) => Moment): void {
    const isMine = call.id === this.call;
    const event = this.told.get(call.position ?? "");
    if (event) return void (isMine && this.become(event, "")); // it overtook the frame in which the call runs
    if (call.state === "done" && !call.reads) return void (isMine && this.end()); // its event says what it did
    if (call.reads && call.state !== "refused" && this.now && !this.now.quiet && !isMine) return;
    this.become(momentOf(call), call.state === "running" ? call.id : "");
  }

  private end(): void {
    if (this.now) this.become({ ...this.now, state: "done" }, "");
  }

  private become(moment: Moment | null, call: string): void {
    [this.now, this.call] = [moment, call];
    this.show(moment);
    this.later();
  }

  private later(): void {
    clearTimeout(this.timer);
    if (this.now && !this.held && !this.call) this.timer = setTimeout(() => this.become(null, ""), FOLD_MS);
  }
}

// The line over the map, and on the row of the layer that it concerns: who does what.

import { byId, el, setText } from "../panel/dom.ts";
import type { Part } from "../part.ts";
import type { Camera, MapEvent, MapState, Model, Snapshot } from "../state/types.ts";
import type { Connection } from "../wire/stream.ts";
import type { Call, Here } from "../wire/presence_frame.ts";
import { callWords } from "./calls.ts";
import { Moments, type Moment } from "./moments.ts";
import type { Whereabouts } from "./whereabouts.ts";
import { isOwn, modelKey, whoCalls, whoOf } from "./who.ts";
import { actsOf, Known, together } from "./words.ts";

const MOST_MOVES = 50; // whose calls are still waited for
const ENDS: { [state in Call["state"]]: string } = { running: "working", done: "done", refused: "refused" };

export class Now implements Part {
  you = "";
  models: Model[] = [];
  private state: MapState | null = null;
  private readonly moves = new Map<string, Camera>(); // events that only moved the view, by where they ended
  private readonly line = byId("now");
  private readonly doing = el("p", { className: "doing" });
  private readonly moments = new Moments((moment) => this.show(moment));

  constructor(private readonly whereabouts: Whereabouts) {
    const hold = (held: boolean) => (): void => this.moments.hold(held);
    this.line.addEventListener("pointerenter", hold(true));
    this.line.addEventListener("pointerleave", hold(false));
  }

  connection(connection: Connection): void {
    if (connection !== "open") this.moments.begin();
  }

  snapshot(state: MapState, _before: MapState | null, { you }: Snapshot): void {
    this.state = state;
    this.moves.clear();
    this.you = you ?? this.you;
  }

  event(event: MapEvent, state: MapState, before: MapState, position: string): void {
    this.state = state;
    if (isOwn(event, this.you)) return; // who did it sees it
    const acts = actsOf(event.ops, new Known(before.layers));
    const layer = acts.find((act) => act.layer !== undefined)?.layer;
    const who = whoOf(event, this.models, this.you);
    this.moments.event({ who, did: together(acts), state: "done", quiet: false, ...(layer === undefined ? {} : { layer }) }, position);
    if (acts.length === 1 && acts[0]!.camera) this.moves.set(position, acts[0]!.camera);
    if (this.moves.size > MOST_MOVES) this.moves.delete(this.moves.keys().next().value!);
  }

  presence({ models, calls }: Here): void {
    this.models = models;
    this.moments.calls(calls, (call) => this.momentOf(call));
    for (const call of calls) this.place(call);
    this.moments.amend((moment) => renamed(moment, models));
  }

  /** The call by which a view was moved knows where it went. */
  private place({ position = "", near }: Call): void {
    const camera = this.moves.get(position);
    if (!camera || near === undefined) return;
    this.moves.delete(position);
    const where = this.whereabouts.note(camera, near);
    this.moments.amend((moment) => (moment.position === position ? { ...moment, did: `moves the view to ${where}` } : moment));
  }

  private momentOf(call: Call): Moment {
    const did = callWords(call, (id) => this.state?.layers.find((layer) => layer.id === id)?.title || id);
    const moment = { who: whoCalls(call), did, state: call.state, quiet: call.reads };
    return { ...moment, ...(call.layer_id === undefined ? {} : { layer: call.layer_id }), ...(call.reason ? { reason: call.reason } : {}) };
  }

  private show(moment: Moment | null): void {
    this.line.classList.toggle("shown", moment !== null);
    this.doing.remove();
    if (!moment) return;
    const { who, did, state, quiet, layer, reason } = moment;
    this.line.dataset.state = state;
    this.line.classList.toggle("quiet", quiet);
    const told = [el("span", { className: "who" }, who.name), ` ${did}`];
    if (reason) told.push(el("span", { className: "reason" }, `: ${reason}`));
    this.line.replaceChildren(dot(who.color), el("span", { className: "told" }, ...told), el("span", { className: "state" }, ENDS[state]));
    if (layer === undefined) return;
    setText(this.doing, `${who.name} ${did}${state === "running" ? " …" : ""}`);
    this.doing.title = this.doing.textContent!;
    this.doing.dataset.state = state;
    document.querySelector(`#layers [data-layer="${CSS.escape(layer)}"]`)?.append(this.doing);
  }
}

/** Another of its name may have come. */
function renamed(moment: Moment, models: readonly Model[]): Moment {
  const name = models.find(({ id }) => modelKey(id) === moment.who.id)?.name;
  return name && name !== moment.who.name ? { ...moment, who: { ...moment.who, name } } : moment;
}

export function dot(color: string): HTMLElement {
  const made = el("span", { className: "dot" });
  made.style.setProperty("--tint", color);
  return made;
}

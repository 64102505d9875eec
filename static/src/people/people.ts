// Who has this map open, and where they look: the list in the panel, their places over the map, and going where they are.
// Each tab is one person here; what a tab of one's own browser does is one's own.

import type { Map as MapLibreMap } from "maplibre-gl";
import type { CameraGuide } from "../map/camera.ts";
import type { Overlay } from "../map/overlay.ts";
import { viewportOf } from "../map/view.ts";
import { byId } from "../panel/dom.ts";
import type { Part } from "../part.ts";
import type { MapState, Snapshot } from "../state/types.ts";
import { publicId } from "../wire/public_id.ts";
import type { Presence } from "../wire/presence.ts";
import { FollowBar } from "./bar.ts";
import { Follow } from "./follow.ts";
import type { Here, Person } from "../wire/presence_frame.ts";
import { PeopleList, type Row } from "./list.ts";
import { Marks } from "./marks.ts";
import { easeTo, flyTo } from "./moves.ts";
import { colorsOf, givenName, keyOf, namesOf, type Called } from "./names.ts";
import { tellWhere } from "./telling.ts";

export interface PeopleOf {
  map: MapLibreMap;
  overlay: Overlay;
  guide: CameraGuide;
  presence: Presence;
  viewer: string; // this tab's id, which nobody else knows
}

export class People implements Part {
  private readonly self: string;
  you = ""; // what our own changes bear; empty where it is not known
  private here: Here = { count: 0, people: [], models: [], calls: [] };
  private names = new Map<string, string>();
  private readonly list: PeopleList;
  private readonly marks: Marks;
  private readonly follow: Follow;
  private readonly bar: FollowBar;

  constructor(private readonly of: PeopleOf) {
    const { map, overlay, guide, presence, viewer } = of;
    this.self = publicId(viewer);
    this.list = new PeopleList({ goTo: (id) => this.goTo(id), follow: (id) => this.toggle(id) });
    this.marks = new Marks(overlay);
    this.bar = new FollowBar({ start: (id) => this.follow.start(id), stop: () => this.follow.stop() });
    this.follow = new Follow({
      look: (view) => easeTo(map, view),
      handIsOn: () => guide.hand.isOn(),
      show: () => this.show(),
    });
    map.on("move", ({ originalEvent }) => void (originalEvent && this.follow.moved()));
    tellWhere(map, () => this.here.count > 1, (cursor) => presence.set({ cursor }), () => presence.set({ viewport: viewportOf(map) }));
    this.show();
  }

  snapshot(_state: MapState, _before: MapState | null, { you }: Snapshot): void {
    this.you = you ?? this.you;
    this.show();
  }

  presence(here: Here): void {
    this.here = here;
    this.names = namesOf([...this.here.people, ...this.here.models]);
    this.follow.here(this.others());
    this.show();
  }

  /** Whether somebody is followed: then the map goes where they go, and nowhere else. */
  get follows(): boolean {
    return this.follow.id !== undefined;
  }

  private others(): Person[] {
    return this.here.people.filter(({ id }) => id !== this.self);
  }

  private isMine({ id, author }: Person): boolean {
    return id === this.self || (author !== "" && author === this.you);
  }

  private show(): void {
    const { count, people, models } = this.here;
    const self = { id: this.self, name: "", author: this.you };
    const colors = colorsOf([...new Set([...people, ...models, self].map(keyOf))]);
    const named = (one: Called) => ({ id: one.id, name: this.names.get(one.id) ?? givenName(keyOf(one)), color: colors.get(keyOf(one))! });
    const rest = { busy: false, reachable: false, followed: false };
    byId<HTMLInputElement>("name").placeholder = givenName(keyOf(self));
    const me: Row = { ...named(self), ...rest, kind: "self", note: "you" };
    const assistants = models.map(({ drawing, ...model }): Row =>
      ({ ...named(model), ...rest, kind: "model", note: drawing ? "assistant, drawing" : "assistant", busy: drawing }));
    const others = this.others().map((person): Row => ({
      ...named(person), ...rest, kind: "person", note: this.isMine(person) ? "you, another tab" : "",
      reachable: person.view !== null, followed: this.follow.id === person.id,
    }));
    this.list.show([me, ...assistants, ...others], Math.max(0, count - Math.max(1, people.length)));
    this.marks.show(this.others().filter((person) => !this.isMine(person)).map((person) => ({ person, ...named(person) })));
    this.bar.show(this.follow.state, (id) => this.names.get(id) ?? givenName(id));
  }

  private goTo(id: string): void {
    const view = this.others().find((person) => person.id === id)?.view;
    if (!view) return;
    this.follow.stop();
    this.of.guide.makeRoom();
    flyTo(this.of.map, view);
  }

  private toggle(id: string): void {
    if (this.follow.id === id) this.follow.stop();
    else this.follow.start(id);
  }
}

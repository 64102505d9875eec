// What somebody else changed glows once on this map, or an arrow at its edge says where it is. Nothing is told of
// what changed while nobody looked: the list of changes has that.

import type { Map as MapLibreMap } from "maplibre-gl";
import type { Bounds } from "../map/extent.ts";
import type { Overlay } from "../map/overlay.ts";
import { featuresHere } from "../map/tiles.ts";
import type { Part } from "../part.ts";
import type { MapEvent, MapState } from "../state/types.ts";
import { Arrows, isSeen } from "./arrows.ts";
import { changesOf, type Change } from "./changes.ts";
import { Glow } from "./glow.ts";
import { Places, type Place } from "./place.ts";
import { Pacing } from "./pacing.ts";

const STILL_MS = 2_500; // a map that moves is waited for so long: what is out of view may be where it goes

const CLOCK = { now: Date.now, after: (ms: number, run: () => void) => setTimeout(run, ms), cancel: (timer: any) => clearTimeout(timer) };

export interface HighlightsOf {
  map: MapLibreMap;
  overlay: Overlay;
  isOwn(event: MapEvent): boolean;
  go(bounds: Bounds): void;
}

export class Highlights implements Part {
  private readonly glow: Glow;
  private readonly arrows: Arrows;
  private readonly places: Places;
  private readonly pacing: Pacing;

  constructor(private readonly of: HighlightsOf) {
    this.glow = new Glow(of.overlay);
    this.places = new Places(of.map);
    this.arrows = new Arrows(of.overlay, (place, layer) => this.goTo(place, layer));
    this.pacing = new Pacing(CLOCK, (changes) => changes.forEach((change) => void this.show(change)));
  }

  snapshot(): void {
    this.pacing.clear();
  }

  event(event: MapEvent, state: MapState, before: MapState): void {
    for (const op of event.ops) {
      if (op.op === "put_layer") this.places.forget(op.layer.id);
      if (op.op === "remove_layer") this.arrows.drop(op.id);
    }
    if (document.hidden || this.of.isOwn(event)) return;
    this.pacing.add(changesOf(event, before, state, (layer, ids) => featuresHere(this.of.map, layer, ids)));
  }

  private async show(change: Change): Promise<void> {
    const place = await this.places.of(change);
    if (!place) return;
    await this.stillness();
    const { id, title } = change.layer;
    if (isSeen(this.of.overlay, place)) this.glow.show(place, id);
    else this.arrows.show(id, title || id, place);
  }

  private goTo(place: Place, layer: string): void {
    if (place.bounds) this.of.go(place.bounds);
    void this.stillness().then(() => this.glow.show(place, layer));
  }

  private stillness(): Promise<void> {
    const { map } = this.of;
    if (!map.isMoving()) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, STILL_MS);
      map.once("moveend", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

// Moves the map to the shared camera, but never under a person's hand: then the move waits for "Go there". So do all
// moves of models where a person said so. A short move is eased, not flown: what is in view stays in view.
// Only moves made here lack an originalEvent, which is how MapLibre tells a hand's moves from a program's.

import type { Map as MapLibreMap, PaddingOptions } from "maplibre-gl";
import { wantsCalm } from "../screen.ts";
import type { BoundsCamera, Camera, CenterCamera, MapLayer, Origin } from "../state/types.ts";
import { isAt } from "./at.ts";
import { Hand } from "./hand.ts";
import { isShort, type View } from "./short.ts";

const FIT_MAX_ZOOM = 16; // a single point has no extent to fit
const FLY_MS = 1_600;
const EASE_MS = 300;
const MARGIN = 40; // pixels around what is fitted, when the camera does not say

/** Whose move it is, and the layer that it shows, where those are known. */
export interface Mover {
  origin?: Origin;
  put?: MapLayer;
}

/** A move that waits. */
export interface Offer extends Mover {
  camera: Camera;
}

export class CameraGuide {
  readonly hand = new Hand(Date.now);
  /** Whether a model's move waits too, with no hand on the map. */
  modelsWait = false;
  /** Whether moves wait with no hand on the map too, as while somebody is followed. */
  holds: () => boolean = () => false;
  /** Called before a flight that the person asked for: what covers most of the map goes. */
  makeRoom: () => void = () => undefined;
  private waiting: Camera | null = null;
  private room: PaddingOptions = { top: 0, right: 0, bottom: 0, left: 0 };

  constructor(private readonly map: MapLibreMap, private readonly onWaiting: (waits: Offer | null) => void) {
    watchHand(map, this.hand);
  }

  /** The first look at the map: no flight. */
  start(camera: Camera): void {
    this.move(camera, 0);
  }

  /** Somebody changed the shared camera. */
  follow(camera: Camera, by: Mover = {}): void {
    if (isAt(this.map, camera) && !this.map.isMoving()) this.dismiss(); // else it only begins to go elsewhere
    else if (this.hand.isOn() || this.holds() || (this.modelsWait && by.origin?.kind === "model")) this.offer(camera, by);
    else this.go(camera);
  }

  offer(camera: Camera, by: Mover = {}): void {
    this.waiting = camera;
    this.onWaiting({ ...by, camera });
  }

  goThere(): void {
    this.makeRoom();
    if (this.waiting) this.go(this.waiting);
  }

  dismiss(): void {
    this.waiting = null;
    this.onWaiting(null);
  }

  fit(bounds: BoundsCamera["bounds"]): void {
    this.makeRoom();
    this.move({ bounds, padding: MARGIN, bearing: this.map.getBearing(), pitch: this.map.getPitch() }, FLY_MS, FIT_MAX_ZOOM);
  }

  /** Leaves room for the panel: what is in the middle stays in the middle of the free area. */
  setRoom(padding: PaddingOptions, animate: boolean): void {
    this.room = padding;
    const ms = animate && !wantsCalm() && !this.hand.isOn() ? 200 : 0;
    if (ms) this.map.easeTo({ padding, duration: ms });
    else this.map.setPadding(padding);
  }

  private go(camera: Camera): void {
    this.dismiss();
    this.move(camera, FLY_MS);
  }

  private move(camera: Camera, duration: number, maxZoom?: number): void {
    if (this.map.isMoving()) this.map.setPadding(this.room); // a panel on its way is there: no flight ends under it
    const target = "center" in camera ? centered(camera) : this.fitted(camera, maxZoom);
    if (!target) return;
    if (duration === 0 || wantsCalm()) this.map.jumpTo(target);
    else if (isShort(this.view(), target, sizeOf(this.map))) this.map.easeTo({ ...target, duration: EASE_MS, essential: true });
    else this.map.flyTo({ ...target, duration, essential: true });
  }

  private view(): View {
    const { lng, lat } = this.map.getCenter();
    return { center: [lng, lat], zoom: this.map.getZoom(), bearing: this.map.getBearing(), pitch: this.map.getPitch() };
  }

  /** On a screen too small for the padding, the padding gives way. */
  private fitted({ bounds: [west, south, east, north], padding = MARGIN, bearing = 0, pitch = 0 }: BoundsCamera, maxZoom = FIT_MAX_ZOOM) {
    const box: [number, number, number, number] = [west, south, west > east ? east + 360 : east, north];
    for (const margin of [padding, padding / 4, 0]) {
      const camera = this.map.cameraForBounds(box, { padding: margin, bearing, maxZoom });
      if (camera) return { ...camera, pitch };
    }
    return null;
  }
}

const centered = ({ center, zoom, bearing, pitch }: CenterCamera) => ({
  center,
  ...(zoom === undefined ? {} : { zoom }),
  ...(bearing === undefined ? {} : { bearing }),
  ...(pitch === undefined ? {} : { pitch }),
});

const sizeOf = (map: MapLibreMap): number => Math.min(map.getContainer().clientWidth, map.getContainer().clientHeight);


function watchHand(map: MapLibreMap, hand: Hand): void {
  const canvas = map.getCanvasContainer();
  const down = new Set<number>();
  const begin = (id: number): void => void (down.has(id) || (down.add(id), hand.begin()));
  const end = (id: number): void => void (down.delete(id) && hand.end());
  canvas.addEventListener("pointerdown", ({ pointerId }) => begin(pointerId));
  for (const type of ["pointerup", "pointercancel"] as const) addEventListener(type, ({ pointerId }) => end(pointerId), true);
  // A turn of the wheel moves the map a frame later.
  canvas.addEventListener("wheel", () => hand.moved(), { passive: true });
  // Inertia, keys and the zoom buttons go on after the finger is up.
  map.on("move", (event) => void (event.originalEvent && hand.moved()));
  map.on("moveend", (event) => void (event.originalEvent && hand.moved()));
}

// Many points are drawn once, into a picture that is larger than the view, and the picture is shown in their place while the
// map is panned and while anything else on it changes. Drawn by software, 200,000 circles cost a frame as much as three maps.
//
// A picture is of one look: the layer's style, its tiles and what is laid out in them. It is of use where the view has its
// zoom, bearing, pitch and size, and lies within it, moved by whole pixels; while the map moves, half a pixel is not seen. A
// view that is zoomed, or flies past all margins, is drawn as MapLibre does: no picture of it would be shown again.
// While tiles are laid out anew, for another colour or other data, the last picture stands for all of them: a change is seen
// whole, and no frame is spent on what goes at once.
//
// It looks behind MapLibre's API, as map/masks.ts does: into the table of what draws each type of layer. Where a later
// release has it elsewhere, all is drawn as MapLibre does; tests/e2e/test_page_painting.py says so then. Nothing here knows
// of feature states, which nobody sets.

import { LayerPicture, type Frame, type Pair, type Transform } from "./layer_picture.ts";

/** Circles in view that are worth a picture. */
const MANY = 20_000;
/** Of all layers: of a desk's view each is some 9 MB. */
const PICTURES = 3;
/** A tile that is not laid out after so many ms is no reason to wait. */
const HELD_MS = 2000;
/** Of a pixel, by which nothing looks different. */
const SLIGHT = 0.02;
const CORNERS = 4; // vertices of a circle

interface Bucket {
  segments: { get(): { vertexLength: number }[] };
}
interface Tile {
  state: string;
  getBucket(layer: Layer): Bucket | undefined;
}
interface Layer {
  id: string;
  serialize(): unknown;
}
interface Tiles {
  getTile(coord: Coord): Tile;
}
interface Coord {
  key: string;
}
interface Painter {
  width: number; // device pixels
  height: number;
  drawFunctions?: { circle?: Draw };
}
type Draw = (tiles: Tiles, layer: Layer, coords: Coord[], frame: Frame) => void;

/** A layer as it was last drawn. */
interface Drawn {
  view: string;
  center: unknown;
  shot?: Shot | undefined;
}

/** A picture, and what is in it. */
interface Shot {
  picture: LayerPicture;
  view: string;
  center: unknown;
  look: unknown[];
  heldSince?: number | undefined; // ms, since its tiles are laid out anew
}

/** Has layers with many circles drawn from pictures of them. */
export function keepPictures(map: object): void {
  const own = map as { painter?: Painter; getLayer(id: string): unknown; on(type: "idle", listener: () => void): unknown };
  const draws = own.painter?.drawFunctions;
  const plain = draws?.circle;
  if (!draws || !plain) return;
  const album = new Album(() => own.painter!, plain); // the painter is another after the graphics card was away
  draws.circle = album.draw;
  own.on("idle", () => album.forget((id) => !own.getLayer(id)));
}

export class Album {
  private readonly drawn = new Map<string, Drawn>(); // by layer

  constructor(
    private readonly painter: () => Painter,
    private readonly plain: Draw,
    private readonly now = () => performance.now(),
  ) {}

  readonly draw: Draw = (tiles, layer, coords, frame) => {
    if (frame.currentPass !== "translucent") return this.plain(tiles, layer, coords, frame);
    const here = coords.map((coord) => tiles.getTile(coord));
    const buckets = here.map((tile) => tile.getBucket(layer));
    if (!isFlat(frame) || circles(buckets) < MANY) {
      this.forget((id) => id === layer.id);
      return this.plain(tiles, layer, coords, frame);
    }
    const last = this.drawn.get(layer.id);
    const now: Drawn = { view: viewOf(this.painter(), frame.transform), center: frame.transform.center, shot: last?.shot };
    const look = [JSON.stringify(layer.serialize()), coords.map(({ key }) => key).join(" "), ...buckets];
    this.drawn.set(layer.id, now);
    const shift = now.shot && shiftOf(now.shot, now.view, frame);
    const isHeld = now.shot && this.isHeld(now.shot, here);
    if (now.shot && shift && (isHeld || sameLook(now.shot.look, look))) return now.shot.picture.show(frame, shift);
    const picture = this.pictureFor(last, now, frame);
    if (last?.shot?.picture !== picture) last?.shot?.picture.destroy();
    now.shot = picture && { picture, look, view: now.view, center: now.center };
    if (!picture) return this.plain(tiles, layer, coords, frame);
    picture.take(frame, (wide) => this.plain(tiles, layer, coords, wide));
    picture.show(frame, [0, 0]);
  };

  /** Frees the pictures of these layers. */
  forget(isGone: (id: string) => boolean): void {
    for (const [id, { shot }] of this.drawn) {
      if (!isGone(id)) continue;
      shot?.picture.destroy();
      this.drawn.delete(id);
    }
  }

  /** Whether its tiles are being laid out anew, for the first HELD_MS of it. */
  private isHeld(shot: Shot, tiles: Tile[]): boolean {
    const isReloading = tiles.some(({ state }) => state === "reloading" || state === "expired");
    shot.heldSince = isReloading ? (shot.heldSince ?? this.now()) : undefined;
    return isReloading && this.now() - shot.heldSince! < HELD_MS;
  }

  /** What to take the next picture with: the last one's memory where it fits; nothing where it would not be shown again. */
  private pictureFor(last: Drawn | undefined, now: Drawn, frame: Frame): LayerPicture | undefined {
    const { width, height } = this.painter();
    const fresh = new LayerPicture(frame.context, [width, height]);
    if (last?.view !== now.view || !isWithin(shifted(last.center, frame), fresh.margin)) return undefined;
    const old = last.shot?.picture;
    if (old && old.context === fresh.context && old.size.join() === fresh.size.join()) return old;
    const others = [...this.drawn.values()].filter((one) => one !== now && one.shot).length;
    return others < PICTURES && fresh.isPossible() ? fresh : undefined;
  }
}

/** On a plane: neither a globe nor over hills, where a picture is no rectangle of the view. */
function isFlat(frame: Frame): boolean {
  return !frame.isRenderingToTexture && !frame.terrain && !frame.data.isRenderingGlobe;
}

function circles(buckets: (Bucket | undefined)[]): number {
  const segments = buckets.flatMap((bucket) => bucket?.segments.get() ?? []);
  return segments.reduce((sum, { vertexLength }) => sum + vertexLength, 0) / CORNERS;
}

/** All of the view but its middle. */
function viewOf({ width, height }: Painter, { zoom, bearing, pitch, centerPoint }: Transform): string {
  return [zoom, bearing, pitch, width, height, centerPoint.x, centerPoint.y].join(" ");
}

function sameLook(one: unknown[], other: unknown[]): boolean {
  return one.length === other.length && one.every((value, at) => value === other[at]);
}

/** By how many device pixels its middle lies right of the view's and below it; undefined where it is of no use. */
function shiftOf(shot: Shot, view: string, frame: Frame): Pair | undefined {
  if (shot.view !== view || shot.picture.context !== frame.context) return undefined;
  const exact = shifted(shot.center, frame);
  const whole: Pair = [Math.round(exact[0]), Math.round(exact[1])];
  const isOn = frame.data.moving || whole.every((value, axis) => Math.abs(value - exact[axis as 0 | 1]) < SLIGHT);
  const isStill = whole.every((value) => value === 0);
  if (!isOn || !isWithin(whole, shot.picture.margin) || (frame.transform.pitch !== 0 && !isStill)) return undefined;
  return whole;
}

/** How far a place lies right of the view's middle and below it, in device pixels. */
function shifted(place: unknown, { transform, data }: Frame): Pair {
  const [at, middle] = [transform.locationToScreenPoint(place), transform.centerPoint];
  return [(at.x - middle.x) * data.pixelRatio, (at.y - middle.y) * data.pixelRatio];
}

function isWithin(shift: Pair, margin: Pair): boolean {
  return Math.abs(shift[0]) <= margin[0] && Math.abs(shift[1]) <= margin[1];
}

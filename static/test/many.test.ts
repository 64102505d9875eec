import { beforeEach, expect, test, vi } from "vitest";
import { Album, keepPictures } from "../src/map/many.ts";

const POINTS = 25_000;
const layer = (id: string, colour = "red") => ({ id, paint: {}, serialize: () => ({ id, colour }) });
const coord = { key: "1" };
const bucketOf = (points: number) => ({ segments: { get: () => [{ vertexLength: 2 * points }, { vertexLength: 2 * points }] } });

let bucket = bucketOf(POINTS);
let state = "loaded";
const tiles = { getTile: () => ({ state, getBucket: () => bucket }) };
const painter = { width: 400, height: 200 };

/** As MapLibre remembers what it told WebGL. */
const kept = (first: unknown) => {
  let value = first;
  return { get: () => value, set: (next: unknown) => { value = next; } };
};

const contextOf = () => {
  const bindFramebuffer = kept(null);
  const told: Record<string, unknown> = { getParameter: () => 4096, uniform2i: (_: unknown, ...from: number[]) => shown.push(from) };
  const gl = new Proxy(told, { get: (known, name: string) => known[name] ?? (() => ({})) });
  const ignored = { program: kept(0), activeTexture: kept(0), bindVertexArray: kept(0), clear: () => {} };
  const modes = { setDepthMode: () => {}, setStencilMode: () => {}, setColorMode: () => {}, setCullFace: () => {} };
  const createFramebuffer = () => {
    const framebuffer = {};
    const texture = kept(null);
    const set = (one: unknown) => {
      bindFramebuffer.set(framebuffer); // as MapLibre's does
      texture.set(one);
    };
    return { framebuffer, colorAttachment: { ...texture, set }, destroy: destroyed };
  };
  return { gl, bindFramebuffer, viewport: kept([0, 0, 400, 200]), createFramebuffer, ...ignored, ...modes };
};

let [context, album, x, zoom, moving, clock] = [contextOf(), undefined as unknown as Album, 0, 4, false, 0];
let shown: unknown[][] = []; // the pixels of pictures that were at the lower left
const plain = vi.fn();
const destroyed = vi.fn();

/** Draws a frame; true where a picture was shown. */
function draw(one = layer("dots"), more: object = {}): boolean {
  const before = shown.length;
  const center = x;
  const frame = {
    currentPass: "translucent",
    isRenderingToTexture: false,
    terrain: null,
    transform: {
      zoom, bearing: 0, pitch: 0, center, centerPoint: { x: 200, y: 100 }, pixelsToGLUnits: [0.005, -0.01],
      locationToScreenPoint: (place: unknown) => ({ x: 200 + (place as number) - center, y: 100 }),
      getProjectionData: () => ({ mainMatrix: Array.from({ length: 16 }, () => 1), fallbackMatrix: [] }),
    },
    context,
    data: { moving, isRenderingGlobe: false, pixelRatio: 1 },
    colorModeForRenderPass: () => ({}),
    getDepthModeForSublayer: () => ({}),
    ...more,
  };
  album.draw(tiles, one, [coord], frame as any);
  return shown.length > before;
}

beforeEach(() => {
  [context, x, zoom, moving, clock, shown, bucket, state] = [contextOf(), 0, 4, false, 0, [], bucketOf(POINTS), "loaded"];
  vi.clearAllMocks();
  album = new Album(() => painter as any, plain, () => clock);
});

test("a view that stays gets a picture with its second frame, which then stands for the points", () => {
  expect([draw(), draw(), draw(), draw()]).toEqual([false, true, true, true]);
  expect(plain).toHaveBeenCalledTimes(2);
  expect(shown).toEqual([[100, 50], [100, 50], [100, 50]]);
});

test("a picture is drawn wider than the view, pixel upon pixel", () => {
  draw();
  draw();
  const wide = plain.mock.calls[1]![3];
  const [across, along] = wide.transform.pixelsToGLUnits;
  expect(across).toBeCloseTo((0.005 * 400) / 600, 9);
  expect(along).toBeCloseTo((-0.01 * 200) / 300, 9);
  const { mainMatrix } = wide.getProjectionDataForTile({});
  const column = [400 / 600, 200 / 300, 1, 1];
  expect(mainMatrix).toEqual(Float32Array.from([...column, ...column, ...column, ...column]));
});

test("what is left of a frame is as it was", () => {
  draw();
  draw();
  expect(context.bindFramebuffer.get()).toBe(null);
  expect(context.viewport.get()).toEqual([0, 0, 400, 200]);
});

test("few circles are drawn as they are, and need no picture any more", () => {
  draw();
  draw();
  bucket = bucketOf(100);
  expect([draw(), draw(), draw()]).toEqual([false, false, false]);
  expect(destroyed).toHaveBeenCalledTimes(1);
});

test("a map that is panned moves the picture, and takes another past its margin", () => {
  draw();
  draw();
  for (x of [40, 80]) expect(draw()).toBe(true);
  expect(shown.at(-1)).toEqual([180, 50]);
  expect(plain).toHaveBeenCalledTimes(2);
  x = 120;
  expect(draw()).toBe(true);
  expect(plain).toHaveBeenCalledTimes(3);
  expect(shown.at(-1)).toEqual([100, 50]);
});

test("a map that flies is drawn as it is", () => {
  const drawn = [0, 300, 600, 900].map((at) => {
    x = at;
    return draw();
  });
  expect(drawn).toEqual([false, false, false, false]);
});

test("a view that is zoomed each frame is drawn as it is", () => {
  const drawn = [4, 4.1, 4.2, 4.3].map((at) => {
    zoom = at;
    return draw();
  });
  expect(drawn).toEqual([false, false, false, false]);
});

test("half a pixel is not seen while the map moves, and is at rest", () => {
  draw();
  draw();
  [moving, x] = [true, 10.4];
  expect(draw()).toBe(true);
  expect(plain).toHaveBeenCalledTimes(2);
  expect(shown.at(-1)).toEqual([110, 50]);
  moving = false;
  draw();
  expect(plain).toHaveBeenCalledTimes(3);
});

test("another look, another tile's content, another size make another picture", () => {
  draw();
  draw();
  draw(layer("dots", "blue"));
  bucket = bucketOf(POINTS);
  draw(layer("dots", "blue"));
  expect(plain).toHaveBeenCalledTimes(4);
  expect(destroyed).not.toHaveBeenCalled(); // the same memory serves
});

test("while tiles are laid out anew the last picture stands for them, but not for ever", () => {
  draw();
  draw();
  state = "reloading";
  for (clock of [1, 1000]) draw(layer("dots", "blue"));
  expect(plain).toHaveBeenCalledTimes(2);
  clock = 3000;
  draw(layer("dots", "blue"));
  expect(plain).toHaveBeenCalledTimes(3);
  state = "loaded";
  draw(layer("dots", "blue"));
  state = "expired"; // for new data
  for (clock of [9000, 9001]) draw(layer("dots", "green"));
  expect(plain).toHaveBeenCalledTimes(3);
});

test("over hills and on a globe, in a texture and in another pass all is drawn as it is", () => {
  const others = [{ terrain: {} }, { data: { isRenderingGlobe: true } }, { isRenderingToTexture: true }, { currentPass: "opaque" }];
  for (const other of others) expect([draw(layer("dots"), other), draw(layer("dots"), other)]).toEqual([false, false]);
});

test("a turned and tilted view has a picture where it is, none to move", () => {
  const tilted = () => {
    const transform = {
      zoom, bearing: 20, pitch: 30, center: x, centerPoint: { x: 0, y: 0 }, pixelsToGLUnits: [1, 1],
      locationToScreenPoint: (place: unknown) => ({ x: (place as number) - x, y: 0 }),
      getProjectionData: () => ({ mainMatrix: [], fallbackMatrix: [] }),
    };
    return draw(layer("dots"), { transform });
  };
  expect([tilted(), tilted(), tilted()]).toEqual([false, true, true]);
  expect(plain).toHaveBeenCalledTimes(2);
  x = 10;
  tilted();
  expect(plain).toHaveBeenCalledTimes(3);
});

test("three layers have pictures, and those of layers that went are freed", () => {
  const names = ["a", "b", "c", "d"];
  for (const name of [...names, ...names]) draw(layer(name));
  expect(names.map((name) => draw(layer(name)))).toEqual([true, true, true, false]);
  album.forget((id) => id === "a");
  expect(destroyed).toHaveBeenCalledTimes(1);
  expect([draw(layer("d")), draw(layer("d"))]).toEqual([true, true]);
});

test("a graphics card that was away has no picture any more", () => {
  draw();
  draw();
  context = contextOf();
  draw();
  expect(plain).toHaveBeenCalledTimes(3);
});

test("a view that no texture holds is drawn as it is", () => {
  painter.width = 4000;
  expect([draw(), draw()]).toEqual([false, false]);
  painter.width = 400;
});

test("it takes the place of what draws circles, and a MapLibre that has it elsewhere is left alone", () => {
  const [on, getLayer, circle] = [vi.fn(), vi.fn(), () => {}];
  const own = { painter: { drawFunctions: { circle } }, on, getLayer };
  keepPictures(own);
  expect(own.painter.drawFunctions.circle).not.toBe(circle);
  expect(on).toHaveBeenCalledWith("idle", expect.any(Function));
  for (const other of [{}, { painter: {} }, { painter: { drawFunctions: {} } }]) expect(() => keepPictures(other)).not.toThrow();
});

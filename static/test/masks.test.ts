import { expect, test } from "vitest";
import { shareMasks, sharing, type Frame } from "../src/map/masks.ts";

const tiles = (...keys: string[]) => keys.map((key) => ({ key }));
const layer = (source: string, clipped = true) => ({ source, isTileClipped: () => clipped });

type Draw = Frame["renderTileClippingMasks"];

/** As MapLibre does: a frame knows whose masks are there. */
const draw: Draw = function (this: Painted, one) {
  this.drawn.push(one.source);
  this.currentStencilSource = one.source;
};

class Painted implements Frame {
  currentStencilSource: string | undefined;
  isRenderingToTexture = false;
  drawn: string[] = [];
  declare renderTileClippingMasks: Draw;
}

const frame = (share = sharing(draw)): Painted => Object.assign(new Painted(), { renderTileClippingMasks: share });

test("sources with the same tiles share their masks", () => {
  const painted = frame();
  for (const source of ["a", "b", "a"]) painted.renderTileClippingMasks(layer(source), tiles("1", "2"));
  expect(painted.drawn).toEqual(["a"]);
  expect(painted.currentStencilSource).toBe("a");
});

test("other tiles have masks of their own, and so has another order of them", () => {
  const painted = frame();
  painted.renderTileClippingMasks(layer("a"), tiles("1", "2"));
  painted.renderTileClippingMasks(layer("b"), tiles("1"));
  painted.renderTileClippingMasks(layer("c"), tiles("2", "1"));
  painted.renderTileClippingMasks(layer("d"), tiles("1", "2"));
  expect(painted.drawn).toEqual(["a", "b", "c", "d"]);
});

test("masks that were drawn over are drawn again", () => {
  const painted = frame();
  painted.renderTileClippingMasks(layer("a"), tiles("1"));
  painted.currentStencilSource = undefined;
  painted.renderTileClippingMasks(layer("b"), tiles("1"));
  expect(painted.drawn).toEqual(["a", "b"]);
});

test("each frame draws its own, and each texture", () => {
  const share = sharing(draw);
  const [first, second] = [frame(share), frame(share)];
  first.renderTileClippingMasks(layer("a"), tiles("1"));
  second.currentStencilSource = "z";
  second.renderTileClippingMasks(layer("a"), tiles("1"));
  second.isRenderingToTexture = true;
  second.renderTileClippingMasks(layer("b"), tiles("1"));
  expect([first.drawn, second.drawn]).toEqual([["a"], ["a", "b"]]);
});

test("a layer that is not clipped, or has no tiles, leaves the masks as they are", () => {
  const painted = frame();
  painted.renderTileClippingMasks(layer("a", false), tiles("1"));
  painted.renderTileClippingMasks(layer("a"), []);
  painted.renderTileClippingMasks(layer("a"), undefined);
  expect(painted.drawn).toEqual([]);
});

test("what draws a frame is found when the first layer is drawn, once", () => {
  class Own extends Painted {}
  Own.prototype.renderTileClippingMasks = draw;
  const painter = { renderLayer: (...told: unknown[]) => told.length };
  const plain = painter.renderLayer;
  shareMasks({ painter });
  const painted = new Own();
  expect(painter.renderLayer(painter, null, painted)).toBe(3);
  expect(painter.renderLayer).toBe(plain);
  for (const source of ["a", "b"]) painted.renderTileClippingMasks(layer(source), tiles("1"));
  expect(painted.drawn).toEqual(["a"]);
});

test("a MapLibre that has it elsewhere is left alone", () => {
  expect(() => shareMasks({})).not.toThrow();
  const painter = { renderLayer: () => "drawn" };
  shareMasks({ painter });
  expect(painter.renderLayer()).toBe("drawn");
});

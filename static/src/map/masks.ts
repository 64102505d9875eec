// Tiles are clipped by masks in the stencil buffer, which MapLibre draws over the whole view whenever the next layer is of
// another source, and once more for each pass: of 20 layers with data of their own that is most of a frame, where the
// graphics card is slow. Most sources have the very same tiles in view, so their masks are the same: they are left where
// they are.
//
// It looks behind MapLibre's API, as map/tiles.ts does: what draws a frame comes to light when a layer is drawn. Where a
// later release has it elsewhere, all is drawn as MapLibre does; tests/e2e/test_page_painting.py says so then.

interface Tile {
  key: string; // of where it is, and of which copy of the world
}

interface Drawn {
  isTileClipped(): boolean;
  source: string;
}

/** What MapLibre keeps of a frame while it draws it. */
export interface Frame {
  renderTileClippingMasks(layer: Drawn, tiles: Tile[] | undefined): void;
  /** Whose masks are in the stencil buffer; undefined once anything else has been drawn there. */
  currentStencilSource?: string | undefined;
  /** Drawn into a texture, the stencil buffer is another. */
  isRenderingToTexture?: boolean;
}

interface Painter {
  renderLayer?: (...told: any[]) => unknown;
}

/** Has sources with the same tiles in view share their masks. */
export function shareMasks(map: object): void {
  const painter: Painter | undefined = (map as { painter?: Painter }).painter;
  const renderLayer = painter?.renderLayer;
  if (!painter || !renderLayer) return;
  painter.renderLayer = function (this: unknown, ...told) {
    painter.renderLayer = renderLayer;
    const frames = told.map((one) => one && Object.getPrototypeOf(one)).find((one) => typeof one?.renderTileClippingMasks === "function");
    if (frames) frames.renderTileClippingMasks = sharing(frames.renderTileClippingMasks);
    return renderLayer.apply(this, told);
  };
}

/** `draw`, but for masks that are there already. */
export function sharing(draw: Frame["renderTileClippingMasks"]): Frame["renderTileClippingMasks"] {
  let last: { frame: Frame; tiles: string } | undefined;
  return function (this: Frame, layer, tiles) {
    if (this.currentStencilSource === layer.source || !layer.isTileClipped() || !tiles?.length) return;
    const keys = tiles.map(({ key }) => key).join(" "); // in their order, in which one may cover another
    const there = this.currentStencilSource !== undefined && !this.isRenderingToTexture && last?.frame === this && last.tiles === keys;
    if (there) {
      this.currentStencilSource = layer.source;
      return;
    }
    draw.call(this, layer, tiles);
    last = { frame: this, tiles: keys };
  };
}

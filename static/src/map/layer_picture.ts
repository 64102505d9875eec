// A layer of the map as a picture larger than the view: how it is taken, and laid upon a frame, pixel upon pixel. When it is
// of use is map/many.ts' to say. It looks behind MapLibre's API: at what it draws a frame by, and how it remembers WebGL.

export type Pair = [number, number];

export interface Transform {
  zoom: number;
  bearing: number;
  pitch: number;
  center: unknown;
  centerPoint: { x: number; y: number };
  pixelsToGLUnits: Pair;
  locationToScreenPoint(place: unknown): { x: number; y: number };
  getProjectionData(told: object): Projection;
}

interface Projection {
  mainMatrix: ArrayLike<number>;
  fallbackMatrix: ArrayLike<number>;
}

/** What MapLibre draws a frame by, of what is used here. */
export interface Frame {
  currentPass: string;
  isRenderingToTexture: boolean;
  terrain: unknown;
  transform: Transform;
  context: any; // WebGL, and what MapLibre told it last
  data: { moving: boolean; isRenderingGlobe: boolean; pixelRatio: number };
  colorModeForRenderPass(): unknown;
  getDepthModeForSublayer(n: number, mask: boolean): unknown;
}

/** Of the view's width and height, on each side. */
const MARGIN = 0.25;

const ALL_OF_IT = `#version 300 es
void main() { gl_Position = vec4(ivec2(gl_VertexID & 1, gl_VertexID >> 1) * 2 - 1, 0, 1); }`;
const FROM_PICTURE = `#version 300 es
precision highp float;
precision highp int;
uniform highp sampler2D u_picture;
uniform ivec2 u_from;
out vec4 colour;
void main() { colour = texelFetch(u_picture, ivec2(gl_FragCoord.xy) + u_from, 0); }`;

/** The program that copies a part of a picture. */
interface Copier {
  program: unknown;
  from: unknown; // where it is told which part
}
const copiers = new WeakMap<object, Copier>(); // by WebGL, which is another after the graphics card was away

export class LayerPicture {
  readonly margin: Pair;
  readonly size: Pair;
  private buffer: any; // MapLibre's Framebuffer

  /** `view` is its width and height. All are device pixels. */
  constructor(
    readonly context: any,
    private readonly view: Pair,
  ) {
    const [width, height] = view;
    this.margin = [Math.round(width * MARGIN), Math.round(height * MARGIN)];
    this.size = [width + 2 * this.margin[0], height + 2 * this.margin[1]];
  }

  /** Whether WebGL can hold it. */
  isPossible(): boolean {
    return Math.max(...this.size) <= this.context.gl.getParameter(this.context.gl.MAX_TEXTURE_SIZE);
  }

  /** Keeps what is drawn in the wider frame. */
  take(frame: Frame, draw: (wide: Frame) => void): void {
    const { context, size, view } = this;
    const [target, viewport] = [context.bindFramebuffer.get(), context.viewport.get()];
    this.buffer ??= bufferOf(context, size);
    context.bindFramebuffer.set(this.buffer.framebuffer);
    context.viewport.set([0, 0, ...size]);
    context.clear({ color: { r: 0, g: 0, b: 0, a: 0 } });
    draw(widened(frame, [view[0] / size[0], view[1] / size[1]]));
    context.bindFramebuffer.set(target);
    context.viewport.set(viewport);
  }

  /** Lays it upon what is drawn so far, in the layer's own depth, its middle so many pixels from the view's. */
  show(frame: Frame, [right, down]: Pair): void {
    const { context } = this;
    const { gl } = context;
    const copier = copiers.get(context) ?? copierOf(context);
    context.program.set(copier.program);
    context.setDepthMode(frame.getDepthModeForSublayer(0, false));
    context.setStencilMode({ test: { func: gl.ALWAYS, mask: 0 }, ref: 0, mask: 0, fail: gl.KEEP, depthFail: gl.KEEP, pass: gl.KEEP });
    context.setColorMode(frame.colorModeForRenderPass());
    context.setCullFace({ enable: false, mode: gl.BACK, frontFace: gl.CCW });
    context.activeTexture.set(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.buffer.colorAttachment.get());
    gl.uniform2i(copier.from, this.margin[0] - right, this.margin[1] + down);
    context.bindVertexArray.set(null);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  destroy(): void {
    this.buffer?.destroy();
  }
}

function bufferOf(context: any, [width, height]: Pair): unknown {
  const { gl } = context;
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  for (const size of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, size, gl.NEAREST);
  gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, width, height);
  const buffer = context.createFramebuffer(width, height, false, false);
  buffer.colorAttachment.set(texture);
  return buffer;
}

function copierOf(context: any): Copier {
  const { gl } = context;
  const program = gl.createProgram();
  for (const [type, source] of [[gl.VERTEX_SHADER, ALL_OF_IT], [gl.FRAGMENT_SHADER, FROM_PICTURE]]) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  const copier = { program, from: gl.getUniformLocation(program, "u_from") };
  copiers.set(context, copier);
  return copier;
}

/** The frame, in a view that shows more on each side: all is drawn smaller, upon more pixels. */
function widened(frame: Frame, scale: Pair): Frame {
  const units = frame.transform.pixelsToGLUnits;
  const transform = Object.create(frame.transform, { pixelsToGLUnits: { value: [units[0] * scale[0], units[1] * scale[1]] } });
  const getProjectionDataForTile = (overscaledTileID: unknown): Projection => {
    const told = { overscaledTileID, applyGlobeMatrix: true, applyTerrainMatrix: true };
    const { mainMatrix, ...data } = frame.transform.getProjectionData(told);
    const scaled = Float32Array.from(mainMatrix, (value, at) => value * (at % 4 < 2 ? scale[(at % 4) as 0 | 1] : 1));
    return { ...data, mainMatrix: scaled, fallbackMatrix: scaled };
  };
  return Object.create(frame, { transform: { value: transform }, getProjectionDataForTile: { value: getProjectionDataForTile } });
}

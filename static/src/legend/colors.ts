// Colours as texts of CSS, which is how styles write them. What goes into the page's own styles is looked at first: a
// text of a stranger there must be a colour and nothing that loads a picture.

const LONGEST = 400; // characters: a few colours mixed
const SIGNS = /^[#\w\s.,%()/+-]+$/;
const CALLS = /([\w-]+)\s*\(/g;
const MAKES_COLORS = new Set(["rgb", "rgba", "hsl", "hsla", "hwb", "lab", "lch", "oklab", "oklch", "color-mix"]);

/** Whether it may stand where the page's CSS wants a colour. It may be an unknown name: then nothing is drawn. */
export function isColor(value: unknown): value is string {
  if (typeof value !== "string" || !value || value.length > LONGEST || !SIGNS.test(value)) return false;
  return [...value.matchAll(CALLS)].every(([, name]) => MAKES_COLORS.has(name!.toLowerCase()));
}

export const mixed = (a: string, b: string, by: number): string => `color-mix(in srgb, ${b} ${percent(by)}, ${a})`;

export const faded = (color: string, opacity: number): string =>
  opacity >= 1 ? color : `color-mix(in srgb, ${color} ${percent(Math.max(0, opacity))}, transparent)`;

const percent = (share: number): string => `${Number((share * 100).toFixed(1))}%`;

// Where a sheet that was dragged comes to rest. Pure; pixels and milliseconds.

export const HEIGHTS = ["low", "half", "full"] as const;
export type Height = (typeof HEIGHTS)[number];
export type Pixels = { [H in Height]: number };

export const TAP = 6; // pixels that a finger moves while it only taps
const FLICK = 0.5; // pixels a millisecond: faster, and the way counts, not the place
const REMEMBERED_MS = 100; // how far back the speed of a drag is measured: a finger that rested has none

/** The next one up or down, or the same at the end. */
export function beside(height: Height, step: 1 | -1): Height {
  return HEIGHTS[Math.min(Math.max(HEIGHTS.indexOf(height) + step, 0), HEIGHTS.length - 1)];
}

/** Each tap raises the sheet, and one on the highest lets it down. */
export const tapped = (height: Height): Height => (height === "full" ? "low" : beside(height, 1));

/** `speed` is that of the finger at its end, upwards. */
export function rest(at: number, speed: number, pixels: Pixels): Height {
  if (speed > FLICK) return HEIGHTS.find((height) => pixels[height] > at) ?? "full";
  if (speed < -FLICK) return HEIGHTS.findLast((height) => pixels[height] < at) ?? "low";
  return HEIGHTS.reduce((best, height) => (Math.abs(pixels[height] - at) < Math.abs(pixels[best] - at) ? height : best));
}

/** The way of a finger, upwards, as far back as its speed is measured. */
export class Way {
  private readonly seen: { y: number; ms: number }[] = [];

  at(y: number, ms: number): void {
    this.seen.push({ y, ms });
    while (ms - this.seen[0].ms > REMEMBERED_MS) this.seen.shift();
  }

  speed(ms: number): number {
    const recent = this.seen.filter((one) => ms - one.ms <= REMEMBERED_MS);
    const first = recent.at(0), last = recent.at(-1);
    return first && last && ms > first.ms ? (first.y - last.y) / (ms - first.ms) : 0;
  }
}

// Runs the vectors that the Python property tests write: both sides must apply ops and make styles alike.

import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { applyEvent } from "../src/state/apply.ts";
import { toStyle } from "../src/state/style.ts";

const required = Boolean(process.env.CI) || process.env.MAPSRV_VECTORS === "required";

function vectors(name: string): any[] {
  const file = new URL(`../../tests/vectors/${name}`, import.meta.url);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
}

describe.each([
  ["ops.json", (it: any) => [applyEvent(it.state, it.event), it.expected]],
  ["styles.json", (it: any) => [toStyle(it.state, it.base_url), it.style]],
] as const)("vectors of %s", (name, run) => {
  const cases = vectors(name);
  test.skipIf(!required && !cases.length)("are there", () => expect(cases.length).toBeGreaterThan(0));
  for (const [index, one] of cases.entries())
    test(`${index}: ${one.name}`, () => {
      const [actual, expected] = run(one);
      expect(actual).toEqual(expected);
    });
});

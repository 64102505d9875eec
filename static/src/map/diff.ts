// Small comparisons of JSON values, pure.

import type { FeatureDiff, Feature } from "../state/types.ts";

export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.keys(a), Object.keys(b)];
  if (left.length !== right.length) return false;
  return left.every((key) => Object.hasOwn(b, key) && same((a as any)[key], (b as any)[key]));
}

/** The keys whose values differ, in either direction. */
export function changedKeys(a: object = {}, b: object = {}): string[] {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].filter((key) => !same((a as any)[key], (b as any)[key]));
}

const hasDiff = (diff: FeatureDiff): boolean =>
  diff.add !== undefined || diff.update !== undefined || diff.remove !== undefined;

/**
 * Our diff in MapLibre's words, or null where MapLibre has none: a feature without an id, or a geometry taken away, or a
 * change that no diff tells, as when a layer is replaced.
 */
export function toMapLibreDiff(diff: FeatureDiff): object | null {
  if (!hasDiff(diff)) return null;
  const { add = [], update = [], remove = [] } = diff;
  if (add.some((feature: Feature) => feature.id === undefined) || update.some((one) => one.geometry === null)) return null;
  return {
    add,
    remove,
    update: update.map(({ id, geometry, properties = {} }) => ({
      id,
      ...(geometry ? { newGeometry: geometry } : {}),
      removeProperties: Object.keys(properties).filter((key) => properties[key] === null),
      addOrUpdateProperties: Object.entries(properties)
        .filter(([, value]) => value !== null)
        .map(([key, value]) => ({ key, value })),
    })),
  };
}

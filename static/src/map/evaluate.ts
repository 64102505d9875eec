// Which expressions of a style layer fail on features that are here. MapLibre evaluates most of them in its workers,
// where it only warns on the console and takes the default; so a sample is evaluated once more, by the same code.

import { failsToEvaluate, type Cause } from "./causes.ts";

const SAMPLE = 200; // features: a fault of the data shows in the first ones, and this runs between two frames
const MOST_CAUSES = 3;
const TYPES: { [name: string]: number } = { Point: 1, MultiPoint: 1, LineString: 2, MultiLineString: 2, Polygon: 3, MultiPolygon: 3 };
const NEEDS_PLACE = /"(within|distance)"/; // of features whose geometry is not in tile coordinates here

interface Expression {
  kind: string;
  evaluateWithoutErrorHandling?(globals: object, feature: object, state: object): unknown;
}

/** `inner` is MapLibre's own style layer; what it is made of is not published, and may be gone in another release. */
export function failing(inner: any, features: any[], zoom: number): Cause[] {
  const causes: Cause[] = [];
  for (const [property, expression, said] of dataDriven(inner)) {
    if (causes.length >= MOST_CAUSES || NEEDS_PLACE.test(JSON.stringify(said) ?? "")) continue;
    const [failed, message, tried] = trial(expression, features.slice(0, SAMPLE), zoom);
    if (message) causes.push(failsToEvaluate(inner.id, property, message, failed, tried));
  }
  return causes;
}

function trial(expression: Expression, features: any[], zoom: number): [number, string, number] {
  let [failed, message] = [0, ""];
  for (const { id, geometry, properties } of features) {
    try {
      expression.evaluateWithoutErrorHandling!({ zoom }, { type: TYPES[geometry?.type] ?? 0, id, properties }, {});
    } catch (error) {
      failed += 1;
      message ||= String((error as Error).message ?? error);
    }
  }
  return [failed, message, features.length];
}

function dataDriven(inner: any): [string, Expression, unknown][] {
  const found: [string, Expression, unknown][] = [];
  const groups = [inner?._transitionablePaint?._values, inner?._unevaluatedLayout?._values];
  for (const values of groups) {
    for (const [name, value] of Object.entries<any>(values ?? {})) {
      const own = value?.value?.expression ? value.value : value; // paint is wrapped once more, for its transition
      const kind = own?.expression?.kind;
      if ((kind === "source" || kind === "composite") && own.expression.evaluateWithoutErrorHandling)
        found.push([name, own.expression, own.value]);
    }
  }
  return found;
}

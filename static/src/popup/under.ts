// Which features lie at a place, each once: several style layers, and several tiles, may draw one and the same. Pure.

interface Hit {
  source: string;
  sourceLayer?: string;
  id?: string | number | undefined;
  properties: object;
}

const MOST = 50; // that anybody turns through

export function distinct<T extends Hit>(hits: T[]): T[] {
  const met = new Map<string, T>();
  for (const hit of hits) {
    if (met.size >= MOST) break;
    const key = JSON.stringify([hit.source, hit.sourceLayer, hit.id ?? hit.properties]);
    if (!met.has(key)) met.set(key, hit);
  }
  return [...met.values()];
}

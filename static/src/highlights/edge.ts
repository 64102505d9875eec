// Where, at the edge of what is seen, an arrow stands that points to what is not. Pure.

import type { Box, Point } from "../map/overlay.ts";

export interface Edge {
  x: number;
  y: number;
  turn: number; // degrees clockwise from pointing right
}

/** On the way from the middle of the box to the point, as far out as the arrow still fits: half its size from the edge. */
export function edgeOf(box: Box, [x, y]: Point, [halfWidth, halfHeight]: Point): Edge {
  const [midX, midY] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
  const [reachX, reachY] = [Math.max(0, (box.right - box.left) / 2 - halfWidth), Math.max(0, (box.bottom - box.top) / 2 - halfHeight)];
  const [dx, dy] = [x - midX, y - midY];
  const scale = Math.min(1, dx ? reachX / Math.abs(dx) : Infinity, dy ? reachY / Math.abs(dy) : Infinity);
  return { x: midX + dx * scale, y: midY + dy * scale, turn: (Math.atan2(dy, dx) * 180) / Math.PI };
}

/** Pushes each one down, or at the bottom up, until it covers none before it. */
export function apart(edges: Edge[], box: Box, width: number, height: number): Edge[] {
  const placed: Edge[] = [];
  for (const edge of edges) {
    const step = edge.y + height * 2 > box.bottom ? -height : height;
    let { y } = edge;
    const covers = (): boolean => placed.some((one) => Math.abs(one.x - edge.x) < width && Math.abs(one.y - y) < height);
    for (let tries = 0; tries < edges.length && covers(); tries++) y += step;
    placed.push({ ...edge, y });
  }
  return placed;
}

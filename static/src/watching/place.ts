// Where something was done, and the way there: only this viewer's map moves.

import type { App } from "../app.ts";
import type { Act } from "./words.ts";

export function goTo(app: App, { camera, layer }: Act): void {
  if (camera) {
    app.guide.offer(camera);
    app.guide.goThere();
    return;
  }
  const there = app.state?.layers.find(({ id }) => id === layer);
  if (there) void app.commands.find(there);
}

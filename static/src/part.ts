// What a part of the page is told of the shared map. A part draws its own corner of the page, and asks nobody else what
// happened: main.ts makes it and hands it to the App, which tells all parts in the order in which they were added,
// after its own state and the map have taken the change.

import type { MapEvent, MapState, Snapshot } from "./state/types.ts";
import type { Here } from "./wire/presence_frame.ts";
import type { Connection } from "./wire/stream.ts";

export interface Part {
  /** The whole state, at first and after any gap; `before` is what was shown until now. */
  snapshot?(state: MapState, before: MapState | null, snapshot: Snapshot): void;
  /** `position` is where the map is after it. */
  event?(event: MapEvent, state: MapState, before: MapState, position: string): void;
  /** The frame `presence`: who is here. */
  presence?(here: Here): void;
  connection?(connection: Connection): void;
}

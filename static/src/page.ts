// Wires the fixed parts of the page: the panel and the room it takes, the tab's comings and goings.

import type { Map as MapLibreMap } from "maplibre-gl";
import type { App } from "./app.ts";
import { keepClear } from "./map/clear.ts";
import { viewportOf } from "./map/view.ts";
import { watchPointing } from "./map/pointing.ts";
import { byId, iconButton } from "./panel/dom.ts";
import { wireFiles } from "./panel/files.ts";
import { Sheet } from "./panel/sheet.ts";
import type { Presence } from "./wire/presence.ts";
import { HIDDEN_MS, type Stream } from "./wire/stream.ts";

const NAME_KEY = "mapsrv-name";
const MODELS_WAIT_KEY = "mapsrv-models-wait";

export function wirePage(app: App, stream: Stream, presence: Presence, map: MapLibreMap): void {
  const sheet = new Sheet((room, animate) => app.guide.setRoom(room, animate));
  app.guide.makeRoom = () => sheet.makeRoom();
  keepClear(map);
  wireVisibility(stream, presence);
  wireName(presence);
  wireFiles((file) => app.commands.addFile(file));
  byId("go-there").onclick = () => app.guide.goThere();
  const stay = iconButton("remove", "Stay here", () => app.guide.dismiss());
  stay.id = "stay-here";
  byId("stay-here").replaceWith(stay);
  wireFollowing(app);
  const tell = (): void => void (app.state && presence.set({ viewport: viewportOf(map) }));
  map.on("moveend", tell);
  map.on("resize", tell);
  watchPointing(map, (id) => app.titleOf(id), (pointing) => presence.set({ pointing }), (shown) => sheet.lend(shown));
}

function wireVisibility(stream: Stream, presence: Presence): void {
  let hiding: number | undefined;
  const changed = (): void => {
    window.clearTimeout(hiding);
    const visible = document.visibilityState === "visible";
    presence.set({ visible });
    if (visible) return stream.resume();
    presence.flush(); // a hidden tab's timers are slow
    hiding = window.setTimeout(() => stream.pause(), HIDDEN_MS);
  };
  document.addEventListener("visibilitychange", changed);
  addEventListener("online", () => document.visibilityState === "visible" && stream.resume(0)); // the old line may be dead
  addEventListener("focus", () => presence.focused());
  addEventListener("pagehide", () => {
    presence.gone();
    stream.pause();
  });
  addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return;
    presence.back();
    stream.resume();
  });
  if (document.visibilityState === "visible") presence.set({ visible: true });
  else changed();
}

function wireFollowing({ guide }: App): void {
  const box = byId<HTMLInputElement>("models-move");
  box.checked = kept(MODELS_WAIT_KEY) === "";
  const tell = (): void => void (guide.modelsWait = !box.checked);
  tell();
  box.addEventListener("change", () => {
    tell();
    keep(MODELS_WAIT_KEY, box.checked ? "" : "1");
  });
}

function wireName(presence: Presence): void {
  const input = byId<HTMLInputElement>("name");
  input.value = kept(NAME_KEY);
  const tell = (): void => presence.set({ name: input.value.trim() });
  if (input.value) tell();
  input.addEventListener("change", () => {
    tell();
    keep(NAME_KEY, input.value.trim());
  });
}

// Storage throws where a person has switched it off: then a choice lasts as long as the page.
function kept(key: string): string {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // see above
  }
}

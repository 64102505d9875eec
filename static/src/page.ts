// Wires the fixed parts of the page: the panel and the room it takes, the tab's comings and goings.

import type { Map as MapLibreMap } from "maplibre-gl";
import type { App } from "./app.ts";
import { keepClear } from "./map/clear.ts";
import { viewportOf } from "./map/view.ts";
import { watchPointing } from "./map/pointing.ts";
import { wireConnect } from "./panel/connect.ts";
import { byId, iconButton } from "./panel/dom.ts";
import { wireFiles } from "./panel/files.ts";
import { Sheet } from "./panel/sheet.ts";
import { showMessage } from "./panel/status.ts";
import type { Presence } from "./wire/presence.ts";
import { HIDDEN_MS, type Stream } from "./wire/stream.ts";

const NAME_KEY = "mapsrv-name";

export function wirePage(app: App, stream: Stream, presence: Presence, map: MapLibreMap): void {
  const sheet = new Sheet((room, animate) => app.guide.setRoom(room, animate));
  app.guide.makeRoom = () => sheet.makeRoom();
  keepClear(map);
  wireVisibility(stream, presence);
  wireName(presence);
  wireConnect(() => app.mapUrl, showMessage);
  wireFiles((file) => app.addFile(file));
  byId("go-there").onclick = () => app.guide.goThere();
  const stay = iconButton("remove", "Stay here", () => app.guide.dismiss());
  stay.id = "stay-here";
  stay.hidden = true;
  byId("stay-here").replaceWith(stay);
  const tell = (): void => void (app.state && presence.set({ viewport: viewportOf(map) }));
  map.on("moveend", tell);
  map.on("resize", tell);
  watchPointing(map, (id) => app.titleOf(id), (pointing) => presence.set({ pointing }));
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
  addEventListener("focus", () => presence.focused());
  addEventListener("online", () => document.visibilityState === "visible" && stream.resume());
  addEventListener("pagehide", () => {
    presence.gone();
    stream.pause();
  });
  addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return;
    presence.back();
    stream.resume();
  });
  changed();
}

function wireName(presence: Presence): void {
  const input = byId<HTMLInputElement>("name");
  try {
    input.value = localStorage.getItem(NAME_KEY) ?? "";
  } catch {
    // storage is switched off: the name lasts as long as the page
  }
  const tell = (): void => presence.set({ name: input.value.trim() });
  if (input.value) tell();
  input.addEventListener("change", () => {
    tell();
    try {
      localStorage.setItem(NAME_KEY, input.value.trim());
    } catch {
      // as above
    }
  });
}

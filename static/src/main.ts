// The composition root: opens the map, the stream and the panel, and lets them know each other.

import "maplibre-gl/dist/maplibre-gl.css";
import "./page.css";
import { App } from "./app.ts";
import { Picker } from "./ground/picker.ts";
import { Looks } from "./ground/look.ts";
import { Front } from "./wire/front.ts";
import { Presence } from "./wire/presence.ts";
import { Server } from "./wire/server.ts";
import { Stream, type EventSourceLike, type StreamSetting } from "./wire/stream.ts";
import { takeViewerId } from "./wire/viewer.ts";
import { toStyle } from "./state/style.ts";
import { wirePage } from "./page.ts";
import { openMap } from "./map/view.ts";
import { byId } from "./panel/dom.ts";

const session = new URLSearchParams(location.search).get("session") ?? "";
const front = new Front(
  {
    location,
    dropHash: () => history.replaceState(history.state, "", location.pathname + location.search),
    storage: () => localStorage,
    trade: (token) => server.trade(token),
  },
  () => presence.renew(),
);
const server = new Server(session, takeViewerId(), () => front.proof(), () => presence.name);
const presence = new Presence((values, last) => server.presence(values, last));
void front.take(); // before anything shows or keeps this page's address
addEventListener("hashchange", () => void front.take()); // a link with a token, opened where its map is open
const map = openMap(byId("map"));
const looks = new Looks(() => app.render());
const app = new App(map, server, presence, (state, base) => toStyle(state, base, looks.look));

const setting: StreamSetting = {
  open: (position): EventSourceLike => server.openStream(position),
  ask: () => server.askState(),
  setTimeout: (run, ms) => window.setTimeout(run, ms),
  clearTimeout: (timer) => window.clearTimeout(timer),
  random: Math.random,
};
const stream = new Stream(setting, app);

app.add(new Picker(byId("ground-section"), map, looks, (name) => app.command("set_basemap", { name })));
wirePage(app, stream, presence, map);
stream.start();

const handle = {
  map,
  state: () => app.state,
  position: () => stream.position,
  connection: () => stream.connection,
  problems: () => app.drawn.problems.all(),
  viewer: server.viewer,
};
declare global {
  interface Window {
    mapsrv: typeof handle;
  }
}
/** For tests and for the curious in the developer tools. */
window.mapsrv = handle;

// The composition root: opens the map, the stream and the panel, and lets them know each other.

import "maplibre-gl/dist/maplibre-gl.css";
import "./page.css";
import { App } from "./app.ts";
import { Picker } from "./ground/picker.ts";
import { Looks } from "./ground/look.ts";
import { Front } from "./wire/front.ts";
import { Activity } from "./watching/activity.ts";
import { Now } from "./watching/now.ts";
import { goTo } from "./watching/place.ts";
import { Whereabouts } from "./watching/whereabouts.ts";
import { isOwn } from "./watching/who.ts";
import { Presence } from "./wire/presence.ts";
import { Server } from "./wire/server.ts";
import { Stream, type EventSourceLike, type StreamSetting } from "./wire/stream.ts";
import { takeViewerId } from "./wire/viewer.ts";
import { toStyle } from "./state/style.ts";
import { wirePage } from "./page.ts";
import { Overlay } from "./map/overlay.ts";
import { lean } from "./map/lean.ts";
import { offerNothing, withRoom } from "./map/room.ts";
import { openMap } from "./map/view.ts";
import { Connect } from "./panel/connect.ts";
import { byId } from "./panel/dom.ts";
import { showMessage } from "./panel/status.ts";
import { People } from "./people/people.ts";
import { wireShowView } from "./people/show_view.ts";
import { Highlights } from "./highlights/highlights.ts";

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
const app = new App(map, server, presence, (state, base) => withRoom(lean(toStyle(state, base, looks.look))));
offerNothing(map);
app.add(new Connect({ mapUrl: () => app.mapUrl, say: showMessage, command: () => server.ownCommand() }));
const overlay = new Overlay(map);
const people = new People({ map, overlay, guide: app.guide, presence, viewer: server.viewer });
app.add(people);
app.add(new Highlights({ map, overlay, isOwn: (event) => isOwn(event, people.you), go: (bounds) => app.guide.fit(bounds) }));
app.guide.holds = () => people.follows;
wireShowView(map, (name, args) => server.command(name, args), showMessage);

const whereabouts = new Whereabouts((point) => server.near(point));
const now = new Now(whereabouts);
app.add(now);
app.add(new Activity(now, { log: (before) => server.log(before), go: (act) => goTo(app, act), whereabouts }));

const setting: StreamSetting = {
  open: (position): EventSourceLike => server.openStream(position),
  ask: () => server.askState(),
  setTimeout: (run, ms) => window.setTimeout(run, ms),
  clearTimeout: (timer) => window.clearTimeout(timer),
  random: Math.random,
  now: Date.now,
};
const stream = new Stream(setting, app);

app.add(new Picker(byId("ground-section"), map, looks, (name) => app.commands.send("Changing the ground", "set_basemap", { name })));
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

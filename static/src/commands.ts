// What a person does here, as commands to the server. What was done comes back over the stream, as from anybody else.

import type { Map as MapLibreMap } from "maplibre-gl";
import type { CameraGuide } from "./map/camera.ts";
import { extentOf } from "./map/extent.ts";
import { whyNotTaken } from "./panel/foreign.ts";
import type { LayerActions } from "./panel/layers.ts";
import { showRemoved } from "./panel/removed.ts";
import { layerIdFor } from "./panel/slug.ts";
import { showMessage, waiting } from "./panel/status.ts";
import { Removals } from "./removals.ts";
import type { MapLayer } from "./state/types.ts";
import type { DataAnswer, Server } from "./wire/server.ts";

const LONG = 256 * 1_024; // bytes of a file: more may be on its way for a while, and nothing is wrong

export interface CommandsOf {
  map: MapLibreMap;
  server: Server;
  guide: CameraGuide;
  layers: () => MapLayer[];
  /** What is removed here is shown no more, or again. */
  changed(): void;
}

export class Commands implements LayerActions {
  readonly removals: Removals;

  constructor(private readonly of: CommandsOf) {
    this.removals = new Removals({
      send: (layer, last) => this.send(`Removing ${nameOf(layer)}`, "remove_layer", { layer_id: layer.id }, last),
      show: (layers) => showRemoved(layers, (id) => this.removals.undo(id)),
      changed: () => of.changed(),
    });
    document.addEventListener("visibilitychange", () => document.hidden && this.removals.sendAll());
    addEventListener("pagehide", () => this.removals.sendAll());
  }

  show(layer: MapLayer, visible: boolean): Promise<boolean> {
    const what = `${visible ? "Showing" : "Hiding"} ${nameOf(layer)}`;
    return this.send(what, "toggle_layer", { layer_id: layer.id, action: visible ? "show" : "hide" });
  }

  move(layer: MapLayer, place: object): Promise<boolean> {
    return this.send(`Moving ${nameOf(layer)}`, "move_layer", { layer_id: layer.id, ...place });
  }

  remove(layer: MapLayer): void {
    this.removals.begin(layer);
  }

  /** Only this viewer's map moves. */
  async find(layer: MapLayer): Promise<void> {
    const bounds = await extentOf(this.of.map, layer).catch(() => null);
    if (bounds) this.of.guide.fit(bounds);
    else showMessage(`“${nameOf(layer)}” does not say where it is.`);
  }

  async addFile(file: File): Promise<void> {
    const { server, layers } = this.of;
    const what = `Adding ${file.name}`;
    showMessage(`${what} …`, true);
    try {
      const why = await whyNotTaken(file);
      if (why) throw new Error(why);
      const upload = (): Promise<DataAnswer> => server.upload(file);
      const { data, features, bounds } = await (file.size > LONG ? upload() : waiting.during(what, upload));
      if (features === 0) throw new Error("There is nothing in it: it has no features.");
      if (bounds === null) throw new Error("There is nothing in it to draw: none of its features has a place.");
      const add = { id: layerIdFor(file.name, layers()), source: data, title: file.name, fit: true };
      await waiting.during(what, () => server.command("add_layer", add));
      showMessage(`${file.name} was added.`);
    } catch (error) {
      showMessage(`${file.name} was not added. ${(error as Error).message}`);
    }
  }

  /** Sends a change, which is said by `what` where it waits or fails. Whether it was done. */
  async send(what: string, name: string, args: object, last = false): Promise<boolean> {
    try {
      await waiting.during(what, () => this.of.server.command(name, args, last));
      showMessage("");
      return true;
    } catch (error) {
      showMessage(`${what}: ${(error as Error).message}`);
      return false;
    }
  }
}

const nameOf = ({ title, id }: MapLayer): string => title || id;

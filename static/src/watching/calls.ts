// What a model's call reads as while it runs, once it has read, or where it was refused. Of what changed the map the
// event tells (words.ts).

import type { Call } from "../wire/presence_frame.ts";
import { cut } from "./words.ts";

type Words = [does: string, could: string]; // "adds …", and what it could not: "add …"; the layer stands for "@"

const TOOLS: { [tool: string]: Words } = {
  add_layer: ["adds @", "add @"],
  update_features: ["changes what is in @", "change what is in @"],
  remove_layer: ["removes @", "remove @"],
  toggle_layer: ["shows or hides @", "show or hide @"],
  move_layer: ["moves @ in the order of layers", "move @ in the order of layers"],
  filter_layer: ["filters @", "filter @"],
  set_layer_paint: ["changes the look of @", "change the look of @"],
  reset_layer_style: ["takes back how @ was restyled", "take back how @ was restyled"],
  set_layer_details: ["changes the title or credit of @", "change the title or credit of @"],
  set_map_view: ["moves the view", "move the view"],
  set_basemap: ["changes the ground", "change the ground"],
  open_map: ["opens the map", "open the map"],
  get_map_state: ["looks at the map", "look at the map"],
  get_map_screenshot: ["takes a picture of the map", "take a picture of the map"],
  list_layers: ["looks at the layers", "look at the layers"],
  get_layer_info: ["looks at @", "look at @"],
};
const OTHER: { reads: Words; changes: Words } = {
  reads: ["looks at the map", "look at the map"],
  changes: ["changes the map", "change the map"],
};

/** What a call does, or could not do. `titleOf` says what people see as a layer's name. */
export function callWords(call: Call, titleOf: (id: string) => string): string {
  const [does, could] = TOOLS[call.tool] ?? (call.reads ? OTHER.reads : OTHER.changes);
  const named = call.tool === "add_layer" ? call.title : undefined; // of others a title is what is changed
  const layer = named ?? (call.layer_id === undefined ? "a layer" : titleOf(call.layer_id));
  return (call.state === "refused" ? `could not ${could}` : does).replace("@", () => cut(layer));
}

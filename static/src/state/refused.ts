// Which of the changes that a status frame calls refused are new here. The server repeats them, in every frame and to
// every stream of their author; a person is told each once. Bounded, and it takes nothing on trust.

const MOST = 1_000; // ids remembered, and the newest entries of one frame that are looked at
const LONGEST = 500; // characters of one message

export interface Refusal {
  what: string;
  why: string;
}

const WHAT: { [command: string]: string } = {
  open_map: "Naming the map",
  add_layer: "Adding a layer",
  update_features: "Changing features",
  remove_layer: "Removing a layer",
  toggle_layer: "Showing or hiding a layer",
  move_layer: "Moving a layer",
  filter_layer: "Filtering a layer",
  set_layer_paint: "Changing how a layer looks",
  set_layer_details: "Changing what a layer is called",
  reset_layer_style: "Resetting how a layer looks",
  set_map_view: "Moving the shared view",
  set_basemap: "Changing the basemap",
};

export class Refusals {
  private readonly seen = new Set<string>(); // the ones met last come last

  /** What is new in a frame's `refused`. */
  take(refused: unknown): Refusal[] {
    if (!Array.isArray(refused)) return [];
    const fresh = refused.slice(-MOST).filter((one) => typeof one?.id === "string" && this.isNew(one.id));
    for (const id of this.seen) if (this.seen.size > MOST) this.seen.delete(id);
    return fresh.map(({ command, code, message }) => ({
      what: Object.hasOwn(WHAT, command) ? WHAT[command] : "A change",
      why: String(message || code || "").slice(0, LONGEST),
    }));
  }

  private isNew(id: string): boolean {
    const met = this.seen.delete(id);
    this.seen.add(id);
    return !met;
  }
}

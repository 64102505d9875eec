// The part of the page where the ground is chosen: those of the map, for all who look at it; an address of one's own and
// the globe, for this viewer alone. Says once that tiles from elsewhere do not come, and that the built-in ones show.

import type { Map as MapLibreMap } from "maplibre-gl";
import { el, setText } from "../panel/dom.ts";
import type { Part } from "../part.ts";
import { CHOICES, comesFromAway } from "../state/ground.ts";
import type { MapEvent, MapState } from "../state/types.ts";
import { keepAddress, keepGlobe, keptAddress, keptGlobe } from "./kept.ts";
import type { Looks } from "./look.ts";
import { ofStyle, ofTiles, readAddress } from "./own.ts";

const OWN = "own"; // no name of a basemap
const STYLE_MS = 10_000; // until a style that does not come is given up

export class Picker implements Part {
  private readonly select: HTMLSelectElement;
  private readonly address = el("input", { id: "ground-address", type: "url", inputMode: "url", autocomplete: "off", spellcheck: false, placeholder: "https://tiles.example.org/{z}/{x}/{y}.png" });
  private readonly own: HTMLFormElement;
  private readonly said = el("p", { id: "ground-said", role: "status" });
  private shared = "";
  private away = false; // that tiles do not come is said

  constructor(
    place: HTMLElement,
    private readonly map: MapLibreMap,
    private readonly looks: Looks,
    private readonly share: (name: string) => Promise<boolean>,
  ) {
    const options = [...CHOICES, { name: OWN, title: "An address of your own" }];
    this.select = el("select", { id: "ground", onchange: () => this.picked() }, ...options.map(({ name, title }) => el("option", { value: name }, title)));
    const use = el("button", { type: "submit" }, "Use");
    this.own = el("form", { hidden: true, onsubmit: (event: Event) => (event.preventDefault(), void this.useAddress()) },
      el("label", { className: "field" }, "Address of tiles or of a style. Only you see it.", this.address), use);
    const globe = el("input", { id: "globe", type: "checkbox", checked: keptGlobe(), onchange: () => this.project() });
    place.append(
      el("label", { className: "field" }, "What lies beneath", this.select), this.own,
      el("label", { className: "tick" }, globe, "Show a globe"), this.said,
    );
    map.on("style.load", () => this.project());
    map.on("error", (event: any) => this.failed(event.sourceId ?? event.source?.id));
    this.address.value = keptAddress();
    if (this.address.value) void this.useAddress();
  }

  snapshot(state: MapState): void {
    this.show(state.basemap);
  }

  event(_: MapEvent, state: MapState): void {
    this.show(state.basemap);
  }

  private show(basemap: string): void {
    if (basemap === this.shared) return;
    this.shared = basemap;
    this.away = false;
    if (!this.looks.look.own) setText(this.said, "");
    this.choose();
  }

  private choose(): void {
    const own = Boolean(this.looks.look.own);
    this.select.value = own ? OWN : this.shared;
    this.own.hidden = !own;
  }

  private picked(): void {
    const name = this.select.value;
    setText(this.said, "");
    this.away = false;
    this.own.hidden = name !== OWN;
    if (name === OWN) return this.address.focus();
    keepAddress("");
    this.looks.choose(undefined);
    if (name !== this.shared) void this.share(name).then((done) => done || this.choose());
  }

  private async useAddress(): Promise<void> {
    const read = readAddress(this.address.value);
    this.away = false;
    setText(this.said, typeof read === "string" ? read : "");
    if (typeof read === "string") return;
    try {
      this.looks.choose(read.kind === "tiles" ? ofTiles(read.url) : ofStyle(await fetched(read.url), read.url));
      keepAddress(read.url);
      this.choose();
    } catch (error) {
      setText(this.said, `${(error as Error).message} The built-in ground shows instead.`);
    }
  }

  private project(): void {
    const globe = (document.getElementById("globe") as HTMLInputElement | null)?.checked ?? keptGlobe();
    keepGlobe(globe);
    this.map.setProjection({ type: globe ? "globe" : "mercator" });
    document.body.classList.toggle("globe", globe); // what is around it is no water
  }

  /** Once: a server that is away fails for each tile. */
  private failed(source: string | undefined): void {
    if (this.away || !comesFromAway(source)) return;
    this.away = true;
    setText(this.said, "Tiles from that address do not come. The built-in ground shows where they are missing.");
  }
}

async function fetched(url: string): Promise<unknown> {
  let answer: Response;
  try {
    answer = await fetch(url, { credentials: "omit", signal: AbortSignal.timeout(STYLE_MS) });
  } catch {
    throw new Error("This address does not answer, or does not let other sites' pages read it.");
  }
  if (!answer.ok) throw new Error(`This address answered ${answer.status}.`);
  return answer.json().catch(() => {
    throw new Error("At this address there is no MapLibre style.");
  });
}

// The dialog that says how to connect an assistant and what to say to it then, and the one line of a map without layers
// that leads there. What is shown is plain text to copy; whether an assistant has come stands above it.

import type { Model } from "../state/types.ts";
import { whoIsHere } from "./assistants.ts";
import { button, byId, copy, el, iconButton, setText } from "./dom.ts";
import { SAY, TAKE, insteadOfSteps, sayings, stepsFor, type Setting, type Step } from "./steps.ts";
import type { Part } from "../part.ts";
import { isCoarse } from "../screen.ts";
import type { Here } from "../wire/presence_frame.ts";
import type { Connection } from "../wire/stream.ts";

const WAITING = "Waiting for an assistant";
const UNKNOWN = "Whether an assistant is here is not known while this page is not connected";

export interface ConnectSetting {
  mapUrl(): string;
  say(text: string): void;
  /** How a host starts `mapsrv stdio`; null for whoever is not the user who runs it, on the machine where it runs. */
  command(): Promise<string[] | null>;
}

export class Connect implements Part {
  private readonly dialog = byId<HTMLDialogElement>("connect");
  private command: string[] | null = null;
  private models: Model[] = [];
  private known = true;

  constructor(private readonly setting: ConnectSetting) {
    byId("connect-open").onclick = () => this.open();
    byId("connect-close").replaceWith(iconButton("remove", "Close", () => this.dialog.close()));
    byId("copy-link").onclick = () => void this.copyLink();
    this.show();
  }

  presence({ models }: Here): void {
    this.models = models;
    this.show();
  }

  connection(connection: Connection): void {
    this.known = connection !== "lost" && connection !== "gone";
    this.show();
  }

  open(): void {
    this.fill();
    this.dialog.showModal();
    void this.setting.command().catch(() => null).then((command) => {
      const told = JSON.stringify(command) !== JSON.stringify(this.command);
      this.command = command;
      if (told) this.fill();
    });
  }

  private fill(): void {
    const mapUrl = this.setting.mapUrl();
    const setting: Setting = { mapUrl, command: this.command, touch: isCoarse() };
    const none = insteadOfSteps(setting);
    const said = sayings(setting).map(({ before, text }) => el("div", {}, el("p", {}, before), copyable(text)));
    byId("connect-body").replaceChildren(
      el("p", { className: "take" }, none || TAKE),
      ...stepsFor(setting).map(shown),
      el("section", { className: "then" }, ...said),
    );
  }

  private show(): void {
    const here = this.known ? whoIsHere(this.models) : "";
    const status = byId("connect-status");
    setText(status, this.known ? here || WAITING : UNKNOWN);
    status.classList.toggle("here", here !== "");
    this.showFirst(here ? this.models[0]! : null);
  }

  /** The line of a map that has nothing on it: the one thing to do. */
  private showFirst(model: Model | null): void {
    const line = byId("no-layers");
    const text = model ? `No layers yet. Say to ${model.name}: “${SAY}”` : "";
    if (line.dataset.said === text) return;
    line.dataset.said = text;
    line.replaceChildren(...(model ? [text] : ["No layers yet. ", button("Connect your assistant", () => this.open())]));
  }

  private async copyLink(): Promise<void> {
    const url = this.setting.mapUrl();
    this.setting.say((await copy(url)) ? "Link copied" : `The map's link: ${url}`);
  }
}

const shown = ({ client, where, texts }: Step): HTMLElement =>
  el("section", {}, el("h3", {}, client), el("p", {}, where), ...texts.map(copyable));

function copyable(text: string): HTMLElement {
  const done = el("span", { className: "offscreen", role: "status" });
  const copier = button("Copy", () => void copyAndSay(text, copier, done));
  return el("div", { className: "copyable" }, el("pre", { tabIndex: 0 }, text), copier, done);
}

async function copyAndSay(text: string, copier: HTMLElement, done: HTMLElement): Promise<void> {
  const copied = await copy(text);
  copier.textContent = copied ? "Copied" : "Select and copy it by hand";
  done.textContent = copied ? "Copied" : "Could not copy";
  setTimeout(() => (copier.textContent = "Copy"), 2_000);
}

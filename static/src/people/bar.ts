// The line over the map that says whose view is followed, and after a hand has ended that, offers it again.

import { button, byId, el, iconButton, setText } from "../panel/dom.ts";
import type { Following } from "./follow.ts";

export interface BarActions {
  start(id: string): void;
  stop(): void;
}

export class FollowBar {
  private readonly words = el("span");
  private readonly stop: HTMLButtonElement;
  private readonly again: HTMLButtonElement;
  private readonly drop: HTMLButtonElement;
  private readonly root: HTMLElement;
  private id = "";

  constructor(actions: BarActions) {
    this.stop = button("Stop", () => actions.stop(), { ariaLabel: "Stop following" });
    this.again = button("", () => actions.start(this.id));
    this.drop = iconButton("remove", "Do not follow again", () => actions.stop());
    this.root = el("div", { id: "following", className: "row", hidden: true }, this.words, this.stop, this.again, this.drop);
    byId("notice").append(this.root);
  }

  show(following: Following | null, nameOf: (id: string) => string): void {
    this.root.hidden = following === null;
    if (!following) return;
    const { id, on } = following;
    const name = nameOf(id);
    this.id = id;
    this.words.hidden = this.stop.hidden = !on;
    this.again.hidden = this.drop.hidden = on;
    setText(this.words, `Following ${name}`);
    setText(this.again, `Follow ${name} again`);
  }
}

// The notice of changes that could not be kept. Rows are only added and taken away, so that each is spoken once and
// none moves from under the keyboard. What stands in it is text, never HTML.

import type { Refusal } from "../state/refused.ts";
import { byId, el, iconButton, setText } from "./dom.ts";

const MOST = 20; // more than anybody reads; the others are counted

export class RefusedNotice {
  private more = 0;

  constructor(private readonly leave: () => void) {
    byId("refused-all").onclick = () => this.end();
  }

  add(refusals: Refusal[]): void {
    if (!refusals.length) return;
    const list = byId("refused-list");
    for (const refusal of refusals) {
      if (list.children.length < MOST) list.append(this.row(refusal));
      else this.more += 1;
    }
    this.tell();
  }

  private row({ what, why }: Refusal): HTMLLIElement {
    const row = el("li", {}, el("p", {}, el("strong", {}, what), ` ${why}`));
    row.append(iconButton("remove", `Dismiss: ${what}`, () => this.dismiss(row)));
    return row;
  }

  private dismiss(row: HTMLElement): void {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    if (!next) return this.end();
    row.remove();
    next.querySelector("button")!.focus();
    this.tell();
  }

  private end(): void {
    byId("refused-list").replaceChildren();
    this.more = 0;
    this.tell();
    this.leave();
  }

  private tell(): void {
    const shown = byId("refused-list").children.length;
    const count = shown + this.more;
    byId("refused").hidden = shown === 0;
    byId("refused-all").hidden = count < 2;
    setText(byId("refused-heading"), count === 1 ? "1 change was not kept" : `${count} changes were not kept`);
    setText(byId("refused-more"), this.more ? `and ${this.more} more` : "");
  }
}

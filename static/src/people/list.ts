// The list of who is here: oneself, the assistants, the others. Rows are kept by id, so that a change elsewhere never takes
// the focus away. Names are text of others.

import { button, byId, el, setText } from "../panel/dom.ts";

export interface Row {
  id: string;
  name: string;
  color: string;
  kind: "self" | "model" | "person";
  note: string; // what stands behind the name
  busy: boolean; // a model that draws
  reachable: boolean; // it is known where they look
  followed: boolean;
}

export interface ListActions {
  goTo(id: string): void;
  follow(id: string): void;
}

export class PeopleList {
  private readonly rows = new Map<string, RowView>();
  private readonly list = byId("people-list");
  private readonly more = byId("people-more");

  constructor(private readonly actions: ListActions) {}

  /** `more` are here besides, whose names are not told. */
  show(rows: Row[], more: number): void {
    const kept = new Set(rows.map(({ id }) => id));
    for (const [id, view] of this.rows) if (!kept.has(id)) this.drop(id, view);
    rows.forEach((row, place) => {
      const view = this.rows.get(row.id) ?? new RowView(this.actions);
      this.rows.set(row.id, view);
      view.show(row);
      if (this.list.children[place] !== view.element) this.list.insertBefore(view.element, this.list.children[place] ?? null);
    });
    setText(this.more, more > 0 ? `and ${more} more` : "");
  }

  private drop(id: string, { element }: RowView): void {
    const focused = element.contains(document.activeElement);
    element.remove();
    this.rows.delete(id);
    if (focused) byId("name").focus();
  }
}

class RowView {
  readonly element: HTMLLIElement;
  private id = "";
  private readonly dot = el("span", { className: "dot" });
  private readonly name = el("span", { className: "name" });
  private readonly note = el("span", { className: "note" });
  private readonly goTo: HTMLButtonElement;
  private readonly follow: HTMLButtonElement;

  constructor(actions: ListActions) {
    this.goTo = button("Go to", () => actions.goTo(this.id));
    this.follow = button("Follow", () => actions.follow(this.id));
    const who = el("span", { className: "who" }, this.name, this.note);
    this.element = el("li", {}, this.dot, who, el("span", { className: "buttons" }, this.goTo, this.follow));
  }

  show({ id, name, color, kind, note, busy, reachable, followed }: Row): void {
    this.id = id;
    this.element.dataset.person = id;
    this.element.className = `${kind}${busy ? " busy" : ""}`;
    this.dot.style.setProperty("--tint", color);
    setText(this.name, name);
    this.name.title = name;
    setText(this.note, note);
    this.goTo.hidden = this.follow.hidden = kind !== "person" || !reachable;
    this.goTo.ariaLabel = `Go to ${name}`;
    setText(this.follow, followed ? "Following" : "Follow");
    this.follow.ariaLabel = `${followed ? "Following" : "Follow"} ${name}`;
    this.follow.ariaPressed = String(followed);
  }
}

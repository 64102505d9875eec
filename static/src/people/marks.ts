// Other people over the map: a faint dot where their pointer was last, a faint frame around what they see. A frame is left
// out where it would only run along the edge of one's own view.

import { around, common, isEmpty, set, svg, type Box, type Overlay } from "../map/overlay.ts";
import type { Person } from "../wire/presence_frame.ts";

const MOST = 20; // people that are drawn: of more nobody could tell which is whose
const SAME = 0.9; // of one's own view: a frame that takes in so much of it shows nothing
const LABEL_ROOM = 60; // pixels: a frame that is narrower has no name

export interface Marked {
  person: Person;
  name: string;
  color: string;
}

interface Mark {
  root: SVGElement;
  frame: SVGElement;
  dot: SVGElement;
  frameName: SVGElement;
  dotName: SVGElement;
}

export class Marks {
  private readonly root: SVGElement;
  private readonly marks = new Map<string, Mark>();
  private shown: Marked[] = [];

  constructor(private readonly overlay: Overlay) {
    this.root = overlay.group("people-marks", () => this.draw());
  }

  show(people: Marked[]): void {
    this.shown = people.slice(0, MOST);
    const kept = new Set(this.shown.map(({ person }) => person.id));
    for (const [id, mark] of this.marks) {
      if (kept.has(id)) continue;
      mark.root.remove();
      this.marks.delete(id);
    }
    for (const { person, name, color } of this.shown) {
      const mark = this.marks.get(person.id) ?? this.made(person.id);
      mark.root.style.setProperty("--tint", color);
      mark.dotName.textContent = mark.frameName.textContent = name;
    }
    this.draw();
  }

  /** Where they are now: also at each frame of a move. */
  private draw(): void {
    for (const { person } of this.shown) {
      const mark = this.marks.get(person.id)!;
      this.drawDot(mark, person);
      this.drawFrame(mark, person);
    }
  }

  private drawDot({ dot, dotName }: Mark, { cursor }: Person): void {
    dot.style.display = dotName.style.display = cursor ? "" : "none";
    if (!cursor) return;
    const [x, y] = this.overlay.at(cursor, this.overlay.shift(cursor[0]));
    set(dot, { cx: x.toFixed(1), cy: y.toFixed(1) });
    set(dotName, { x: (x + 10).toFixed(1), y: (y + 4).toFixed(1) });
  }

  private drawFrame({ frame, frameName }: Mark, { view }: Person): void {
    const corners = view?.bounds ? this.overlay.corners(view.bounds) : null;
    const box = corners && around(corners);
    const drawn = box !== null && !coversMost(box, this.overlay.free());
    frame.style.display = drawn ? "" : "none";
    frameName.style.display = drawn && box.right - box.left > LABEL_ROOM ? "" : "none";
    if (!drawn) return;
    set(frame, { points: corners!.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ") });
    set(frameName, { x: (box.left + 6).toFixed(1), y: (box.top + 16).toFixed(1) });
  }

  private made(id: string): Mark {
    const root = svg("g", { class: "person-mark", "data-person": id });
    const mark: Mark = {
      root,
      frame: svg("polygon", { class: "frame" }),
      frameName: svg("text", { class: "mark-name" }),
      dot: svg("circle", { class: "cursor", r: 6 }),
      dotName: svg("text", { class: "mark-name" }),
    };
    root.append(mark.frame, mark.frameName, mark.dot, mark.dotName);
    this.root.append(root);
    this.marks.set(id, mark);
    return mark;
  }
}

const area = (box: Box): number => (isEmpty(box) ? 0 : (box.right - box.left) * (box.bottom - box.top));

export const coversMost = (frame: Box, free: Box): boolean => area(common(frame, free)) > SAME * area(free);

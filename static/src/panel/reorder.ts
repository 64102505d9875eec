// Rows are put in another order by dragging their handle, with mouse, pen or finger, or by the arrow keys on it. What
// is dragged follows the pointer, a line shows where it would go; Escape takes it back. Nothing moves for good here:
// the map's order changes when the server says so.

export type Place = { above: string } | { below: string } | { to: "top" | "bottom" };

const EDGE = 28; // pixels at the list's ends, in which it scrolls
const SPEED = 7; // pixels a frame

interface Drag {
  row: HTMLElement;
  from: number; // where the pointer began, in the list's own pixels
  at: number; // where it is, on the screen
}

export class Reorder {
  private drag: Drag | null = null;

  constructor(private readonly list: HTMLElement, private readonly drop: (id: string, place: Place) => void) {}

  /** The row moves by this handle. */
  take(row: HTMLElement, handle: HTMLElement): void {
    handle.addEventListener("pointerdown", (event) => this.begin(event, row, handle));
    handle.addEventListener("pointermove", ({ clientY }) => this.move(row, clientY));
    handle.addEventListener("pointerup", () => this.end(row, true));
    handle.addEventListener("pointercancel", () => this.end(row, false));
    handle.addEventListener("keydown", (event) => this.onKey(event, row));
  }

  private begin(event: PointerEvent, row: HTMLElement, handle: HTMLElement): void {
    if (event.button !== 0 || this.drag) return;
    handle.setPointerCapture(event.pointerId);
    this.drag = { row, from: event.clientY + this.list.scrollTop, at: event.clientY };
    row.classList.add("dragged");
    this.scroll();
  }

  private move(row: HTMLElement, clientY: number): void {
    if (this.drag?.row !== row) return;
    this.drag.at = clientY;
    this.show();
  }

  private show(): void {
    const { row, from, at } = this.drag!;
    row.style.translate = `0 ${at + this.list.scrollTop - from}px`;
    this.mark(this.target());
  }

  private end(row: HTMLElement, done: boolean): void {
    if (this.drag?.row !== row) return;
    const target = done ? this.target() : null;
    this.drag = null;
    row.classList.remove("dragged");
    row.style.translate = "";
    this.mark(null);
    if (target) this.drop(row.dataset.layer!, target.place);
  }

  private others(): HTMLElement[] {
    return ([...this.list.children] as HTMLElement[]).filter((one) => one !== this.drag!.row && !one.hidden);
  }

  /** Between which rows it would go; null where it is already. */
  private target(): { place: Place; mark: HTMLElement; above: boolean } | null {
    const { row, at } = this.drag!;
    const others = this.others();
    const place = others.filter((one) => at > middle(one)).length;
    const stood = others.filter((one) => one.compareDocumentPosition(row) & Node.DOCUMENT_POSITION_FOLLOWING).length;
    if (place === stood) return null;
    const [over, under] = [others[place - 1], others[place]];
    return over ? { place: { below: over.dataset.layer! }, mark: over, above: false } : { place: { above: under!.dataset.layer! }, mark: under!, above: true };
  }

  private mark(target: ReturnType<Reorder["target"]>): void {
    for (const row of this.list.children) row.classList.remove("drop-above", "drop-below");
    target?.mark.classList.add(target.above ? "drop-above" : "drop-below");
  }

  /** While the pointer rests at an end of the list, it goes on. */
  private scroll(): void {
    if (!this.drag) return;
    const { top, bottom } = this.list.getBoundingClientRect();
    const by = this.drag.at < top + EDGE ? -SPEED : this.drag.at > bottom - EDGE ? SPEED : 0;
    const before = this.list.scrollTop;
    if (by) this.list.scrollTop += by;
    if (this.list.scrollTop !== before) this.show();
    requestAnimationFrame(() => this.scroll());
  }

  private onKey(event: KeyboardEvent, row: HTMLElement): void {
    if (event.key === "Escape" && this.drag) return this.end(row, false);
    const place = this.placeBy(event.key, row);
    if (!place) return;
    event.preventDefault();
    this.drop(row.dataset.layer!, place);
  }

  private placeBy(key: string, row: HTMLElement): Place | null {
    const rows = ([...this.list.children] as HTMLElement[]).filter((one) => !one.hidden);
    const at = rows.indexOf(row);
    const [over, under] = [rows[at - 1], rows[at + 1]];
    if (key === "ArrowUp" && over) return { above: over.dataset.layer! };
    if (key === "ArrowDown" && under) return { below: under.dataset.layer! };
    if (key === "Home" && over) return { to: "top" };
    if (key === "End" && under) return { to: "bottom" };
    return null;
  }
}

function middle(row: HTMLElement): number {
  const { top, height } = row.getBoundingClientRect();
  return top + height / 2;
}

// Knows whether a person's hand is on the map: while a finger or button is down, and for three seconds after the map
// was last moved by it. A click moves nothing, and so ends with its button.

export const REST_MS = 3_000;

export class Hand {
  private held = 0; // fingers or buttons that are down
  private dragged = false; // the map was moved while they were
  private last = -Infinity;

  constructor(private readonly now: () => number) {}

  begin(): void {
    this.held += 1;
  }

  end(): void {
    this.held = Math.max(0, this.held - 1);
    if (this.held > 0 || !this.dragged) return;
    this.dragged = false;
    this.last = this.now();
  }

  /** The map moves by it: by a gesture, its inertia, the wheel, a key or a button of the map's own. */
  moved(): void {
    this.dragged = this.held > 0;
    this.last = this.now();
  }

  isOn(): boolean {
    return this.held > 0 || this.now() - this.last < REST_MS;
  }
}

// Knows whether a person's hand is on the map: during a gesture, and for three seconds after it.

export const REST_MS = 3_000;

export class Hand {
  private held = 0; // gestures going on: a finger or button down, a move that began with one
  private last = -Infinity;

  constructor(private readonly now: () => number) {}

  begin(): void {
    this.held += 1;
    this.last = this.now();
  }

  end(): void {
    this.held = Math.max(0, this.held - 1);
    this.last = this.now();
  }

  /** A gesture without a length, as a turn of the wheel. */
  touch(): void {
    this.last = this.now();
  }

  isOn(): boolean {
    return this.held > 0 || this.now() - this.last < REST_MS;
  }
}

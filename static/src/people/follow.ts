// Follows one person's view: off until chosen, ended by a hand on the map, and one click on again. Two who follow each
// other come to rest, since a page tells on its way only of what its own hand moves. No DOM: `show` shows it.

import type { Person, View } from "../wire/presence_frame.ts";

export const AGAIN_MS = 500; // until a map that a hand is on is looked at again

/** `on` false: it was ended by a hand, and can go on. */
export interface Following {
  id: string;
  on: boolean;
}

export interface FollowOf {
  look(view: View): void;
  handIsOn(): boolean;
  show(): void;
}

export class Follow {
  private following: Following | null = null; // as it is shown
  private people: Person[] = [];
  private seen: View | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly of: FollowOf) {}

  get state(): Following | null {
    return this.following;
  }

  /** Who is followed now. */
  get id(): string | undefined {
    return this.following?.on ? this.following.id : undefined;
  }

  start(id: string): void {
    this.seen = null;
    this.become({ id, on: true });
    this.look(true);
  }

  stop(): void {
    this.become(null);
  }

  /** A hand has moved the map. */
  moved(): void {
    if (this.following?.on) this.become({ id: this.following.id, on: false });
  }

  /** Who is here now; who has left is followed no more. */
  here(people: Person[]): void {
    this.people = people;
    if (!this.following) return;
    if (!people.some(({ id }) => id === this.following!.id)) return this.stop();
    this.look(false);
  }

  private look(asked: boolean): void {
    clearTimeout(this.timer);
    const view = this.people.find(({ id }) => id === this.id)?.view;
    if (!view || JSON.stringify(view) === JSON.stringify(this.seen)) return;
    if (!asked && this.of.handIsOn()) return void (this.timer = setTimeout(() => this.look(false), AGAIN_MS));
    this.seen = view;
    this.of.look(view);
  }

  private become(following: Following | null): void {
    clearTimeout(this.timer);
    const same = JSON.stringify(following) === JSON.stringify(this.following);
    this.following = following;
    if (!same) this.of.show();
  }
}

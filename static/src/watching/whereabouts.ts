// Where cameras look, in words, as far as the server has said it: in the frame `presence` of calls that were made a moment
// ago, and of others when they are asked for, once.

import { centerOf, whereOf } from "../map/whose.ts";
import type { Camera } from "../state/types.ts";

const MOST = 500; // places that are remembered

export class Whereabouts {
  private readonly known = new Map<string, string>();
  private readonly asked = new Map<string, Promise<string | undefined>>();

  constructor(private readonly near: (point: [number, number]) => Promise<string | null>) {}

  /** What is known already. */
  said(camera: Camera): string | undefined {
    return this.known.get(keyOf(camera));
  }

  /** Undefined where nobody says it. */
  async of(camera: Camera): Promise<string | undefined> {
    const key = keyOf(camera);
    return this.known.get(key) ?? this.asked.get(key) ?? this.ask(key, camera);
  }

  /** Takes what was said of a place; says it as it reads. */
  note(camera: Camera, near: string): string {
    const where = whereOf(camera, undefined, near);
    if (this.known.size >= MOST) this.known.delete(this.known.keys().next().value!);
    this.known.set(keyOf(camera), where);
    return where;
  }

  private ask(key: string, camera: Camera): Promise<string | undefined> {
    const asked = this.near(centerOf(camera)).then((near) => {
      this.asked.delete(key);
      return near === null ? undefined : this.note(camera, near);
    });
    this.asked.set(key, asked);
    return asked;
  }
}

const keyOf = (camera: Camera): string => centerOf(camera).map((degrees) => degrees.toFixed(2)).join();

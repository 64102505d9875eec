// Where cameras look, in words, as far as the server has said it: each place is asked for once.

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

  private ask(key: string, camera: Camera): Promise<string | undefined> {
    const asked = this.near(centerOf(camera)).then((near) => {
      this.asked.delete(key);
      if (near === null) return undefined;
      const where = whereOf(camera, undefined, near);
      if (this.known.size >= MOST) this.known.delete(this.known.keys().next().value!);
      this.known.set(key, where);
      return where;
    });
    this.asked.set(key, asked);
    return asked;
  }
}

const keyOf = (camera: Camera): string => centerOf(camera).map((degrees) => degrees.toFixed(2)).join();

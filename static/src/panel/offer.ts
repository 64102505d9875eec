// "Claude looks at Bern. Go there": a move that waits, whose it is and where it leads. It is shown with its words, which
// may need the server, so that it is spoken once.

import type { Offer } from "../map/camera.ts";
import { centerOf, movedWords, whereOf } from "../map/whose.ts";
import { byId, setText } from "./dom.ts";

let shown: Offer | null = null;

export async function showOffer(offer: Offer | null, nameOf: (point: [number, number]) => Promise<string | null>): Promise<void> {
  shown = offer;
  if (!offer) return void (byId("offer").hidden = true);
  const near = offer.put ? null : await nameOf(centerOf(offer.camera));
  if (shown !== offer) return; // it was taken, or there is another
  setText(byId("offer-words"), movedWords(offer.origin, whereOf(offer.camera, offer.put, near)));
  byId("offer").hidden = false;
}

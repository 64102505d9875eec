// The whole room by one door: it is loaded beside the page's entry, so that the map need not wait for it.

export { addedBy, filtersTold, isRestyled, zoomHint } from "./about.ts";
export { legendOf, turnsWithZoom } from "./legend.ts";

// Says, in a dialog that stays, that this page cannot go on as it is, and offers the way on.

import { byId } from "./dom.ts";

export const showGone = (): void =>
  show(
    "This map is no longer here",
    "Maps that were never changed are forgotten after a day.",
    "Open a new map",
    () => location.assign("./"),
  );

export const showOutdated = (): void =>
  show(
    "mapsrv has been updated",
    "This page is older than the server and cannot show the map any more.",
    "Reload",
    () => location.reload(),
  );

function show(heading: string, text: string, action: string, act: () => void): void {
  const dialog = byId<HTMLDialogElement>("gone");
  byId("gone-heading").textContent = heading;
  byId("gone-text").textContent = text;
  const button = byId("gone-action");
  button.textContent = action;
  button.onclick = act;
  dialog.oncancel = (event) => event.preventDefault();
  if (!dialog.open) dialog.showModal();
}

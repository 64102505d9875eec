// The id of this tab. It survives a reload but is never shared: while the page lives the id is not in sessionStorage,
// which a duplicated tab would copy; it is put there only as the page goes.

import { randomId } from "./server.ts";

const KEY = "mapsrv-viewer";

export function takeViewerId(): string {
  const id = read() ?? randomId();
  const take = (): void => write(null);
  const leave = (): void => write(id);
  take();
  addEventListener("pagehide", leave);
  addEventListener("pageshow", take);
  return id;
}

// Storage throws where a person has switched it off; then every load is a new viewer.
function read(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function write(id: string | null): void {
  try {
    if (id === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, id);
  } catch {
    // see above
  }
}

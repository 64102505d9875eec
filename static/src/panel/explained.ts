// The legend's room as soon as it is here: its loading begins with the page's, and rows that were drawn before are told.

type Room = typeof import("../legend/room.ts");

let room: Room | null = null;
const loading = import("../legend/room.ts").then((loaded) => (room = loaded));

export const explained = (): Room | null => room;

export const whenExplained = (run: () => void): void => void loading.then(run);

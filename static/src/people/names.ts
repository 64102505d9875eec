// What people are called and which colour is theirs, the same on every page: nothing here is drawn by chance or kept.
// Who has set no name is called by a colour and a bird, out of the id that their changes bear. Pure.

/** Each is a variable of css/colors.css. */
export const TINTS = ["blue", "green", "red", "amber", "violet", "teal", "rose", "olive", "copper", "indigo"] as const;

const BIRDS = [
  "avocet", "bittern", "crane", "curlew", "dipper", "dove", "egret", "falcon", "finch", "grebe", "gull", "heron", "ibis", "jay", "kestrel", "kite",
  "lark", "linnet", "magpie", "osprey", "owl", "plover", "puffin", "raven", "robin", "siskin", "stork", "swallow", "swift", "tern", "thrush", "wren",
];
const SPREAD = 16_777_619; // FNV-1a, 32 bits: ids of other releases need not be hexadecimal

export interface Called {
  id: string; // of a tab or a model
  name: string;
  author?: string; // the same for all tabs of a browser; empty where it is not known
}

/** The id that a name and a colour are made of. */
export const keyOf = ({ id, author }: Called): string => author || id;

export function givenName(id: string): string {
  const tint = TINTS[tintOf(id)]!;
  return `${tint.charAt(0).toUpperCase()}${tint.slice(1)} ${BIRDS[Math.floor(spread(id) / TINTS.length) % BIRDS.length]}`;
}

/** What each goes by: who has one name with others is numbered, by the order of their ids. */
export function namesOf(all: Called[]): Map<string, string> {
  const names = new Map<string, string>();
  const seen = new Map<string, number>();
  for (const one of all.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const own = one.name || givenName(keyOf(one));
    const number = (seen.get(own) ?? 0) + 1;
    seen.set(own, number);
    names.set(one.id, number === 1 ? own : `${own} ${number}`);
  }
  return names;
}

/** The colour of an id, as CSS. */
export const colorOf = (id: string): string => `var(--tint-${TINTS[tintOf(id)]})`;

/**
 * A colour for each of different ids: that of the id. Who comes second to one, in the order of the list, has it paler, so that a
 * blue heron stays blue.
 */
export function colorsOf(ids: string[]): Map<string, string> {
  const used = new Map<number, number>();
  return new Map(ids.map((id) => {
    const tint = tintOf(id);
    const times = used.get(tint) ?? 0;
    used.set(tint, times + 1);
    return [id, times % 2 ? `color-mix(in srgb, ${colorOf(id)} 55%, white)` : colorOf(id)];
  }));
}

const tintOf = (id: string): number => spread(id) % TINTS.length;

function spread(id: string): number {
  let hash = 2_166_136_261;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), SPREAD);
  return hash >>> 0;
}

// From MapLibre's error to a cause that somebody can mend: what failed, and what helps. Pure.
//
// A cause has one text however often it strikes, so that the thousand tiles of a dead server are one line: it names the
// address as the source has it, never a single tile's.

export interface Cause {
  text: string;
  plain?: string; // the same for who sees it beside the layer's title
  fix?: string;
  /** load: what was fetched is to blame, and a fetch that succeeds ends it. draw: the style is. */
  kind: "load" | "draw";
  layer?: string; // where the message names it
  probe?: string; // an address of which the browser does not say why it failed: see probed()
}

/** Where it happened, as far as it is known. */
export interface Where {
  address?: string; // of the source, as its layer has it
  sourceLayers?: string[];
  secure?: boolean; // the page came by https
}

const LONGEST = 160; // characters of an address

type Make = (found: RegExpExecArray, where: Where) => Cause;

const RULES: [RegExp, Make][] = [
  [/^AJAXError: (.*) \(0\): (.*)$/s, (found, where) => unreachable(found[2]!, where)],
  [/^AJAXError: (.*) \((\d+)\): (.*)$/s, (found, where) => refused(Number(found[2]), found[1]!, where.address ?? found[3]!)],
  [/Bad response code: (\d+)/, (found, where) => refused(Number(found[1]), "", where.address ?? "the archive")],
  [/Failed to fetch|NetworkError|Load failed/, (_, where) => unreachable(plain(where.address ?? ""), where)],
  [/no content-length header|exceeding request/, (_, { address = "" }) => load(`${shown(address)} does not answer requests for parts (Range).`, "Put the archive on a server that does.")],
  [/Wrong magic number for PMTiles/, (_, { address = "" }) => load(`${shown(address)} is no PMTiles archive.`, "Check the address.")],
  [/<!doctype|<html|Unexpected token '?<|unexpected character|JSON Parse error: Unrecognized token '<'/i, (_, { address = "" }) =>
    load(`${shown(address)} answered with a web page, not with JSON.`, "Use the address of the file itself, not of a page about it.")],
  [/is not valid JSON|JSON\.parse|JSON Parse error|Unexpected end of JSON|JSON at position/, (_, { address = "" }) => load(`${shown(address)} answered with what is no JSON.`, "Check the address.")],
  [/not a valid GeoJSON object/, (_, { address = "" }) => noGeoJson(address)],
  [/could not be decoded|Could not load image/i, (_, { address = "" }) => load(`${shown(address)} answered with what is no picture.`, "Check the address; vector tiles need type vector.")],
  [/Unable to parse the tile|Unimplemented type/, (_, { address = "" }) => load(`${shown(address)} has no vector tiles.`, 'Check the address; pictures need "type": "raster".')],
  [/^Source layer "(.*)" does not exist on source "(.*)" as specified by style layer "(.*)"\.$/s, ([, name, layer], { sourceLayers }) =>
    ({ ...unknownSourceLayer(name!, sourceLayers ?? []), layer })],
];

export function causeOf(message: string, where: Where): Cause {
  for (const [pattern, make] of RULES) {
    const found = pattern.exec(message);
    if (found) return make(found, where);
  }
  return { text: message, kind: "draw" };
}

const load = (text: string, fix: string, plain?: string): Cause => ({ text, fix, kind: "load", ...(plain ? { plain } : {}) });

function refused(status: number, words: string, address: string): Cause {
  const fix = HELP[status] ?? (status < 500 ? HELP[400]! : HELP[500]!);
  return load(`${status}${words ? ` ${words}` : ""} from ${shown(address)}`, fix, `${fix.split(/[:.]/)[0]} (${status})`);
}

const HELP: { [status: number]: string } = {
  400: "Its server does not take this request: check the address.",
  401: "Its server wants a key or a login: use an address that has one, or another source.",
  403: "Its server refuses this browser: it may want a key in the address. Or use another source.",
  404: "Nothing is at that address: check it.",
  410: "Nothing is at that address any more: use another source.",
  429: "Its server has had too many requests from here: wait, or use another source.",
  500: "Its server fails: try again later, or use another source.",
};

function unreachable(address: string, where: Where): Cause {
  if (where.secure && address.startsWith("http:"))
    return load(`Browsers load nothing by http on a page that came by https: ${shown(address)}`, "Use its https address.");
  const text = `${shown(where.address ?? address)} cannot be reached.`;
  const cause = load(text, "Check host and path; its server may be down.", "Its server does not answer");
  return address ? { ...cause, probe: address } : cause;
}

export const noGeoJson = (address: string): Cause =>
  load(`${shown(address)} is JSON, but no GeoJSON.`, "Use an address of GeoJSON.");

/** What it was after all, where another request without CORS was answered. */
export const keptFromPages = (address: string): Cause =>
  load(
    `${shown(address)} answers, but its server does not let other sites' pages read it (CORS).`,
    "Fetch it yourself and add the data as GeoJSON, or use a server that sends Access-Control-Allow-Origin.",
    "Its server does not let other sites' pages read it",
  );

export function unknownSourceLayer(name: string, there: string[]): Cause {
  const list = there.slice(0, 20).join(", ");
  const text = `There is no source-layer "${name}" in its tiles${list ? `; there are: ${list}` : ""}.`;
  return { text, fix: "Add the layer again with one of those as source-layer.", kind: "draw" };
}

export const noTilesAt = (address: string): Cause =>
  load(`404 for every tile in view from ${shown(address)}`, "Check the template and its zooms; or there are no tiles where people look.", "Its server has no tiles here (404)");

export const missingImage = (name: string): Cause => ({
  text: `There is no image "${name}": this map has no icons.`,
  fix: "Draw with circle layers, or with text-field.",
  kind: "draw",
});

export const stillOut = (address: string, seconds: number): Cause =>
  load(`${shown(address)} has not answered for ${seconds} seconds.`, "Wait, or use another source.", "Its server has not answered yet");

export function failsToEvaluate(layer: string, property: string, message: string, failed: number, of: number): Cause {
  const text = `${property} of "${layer}": ${message} (${failed} of ${of} features)`;
  return { text, fix: 'Give it a fallback, such as ["coalesce", ["get", "name"], 0] or ["to-number", ["get", "name"], 0].', kind: "draw" };
}

const plain = (address: string): string => address.replace(/^pmtiles:\/\//, "");

export function shown(address: string): string {
  const text = plain(address);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text || "The data";
}

// How an assistant is connected, in the words of mapsrv/wire/connect.json, which the terminal's banner has too: which
// steps fit where this page is, and what to say then. Pure.

import told from "../../../mapsrv/wire/connect.json" with { type: "json" };

export interface Step {
  readonly client: string;
  readonly where: string;
  readonly texts: readonly string[];
}

export interface Said {
  readonly before: string;
  readonly text: string;
}

/** What this page knows of where it is. `command` runs `mapsrv stdio`, and only this user's own pages are told it. */
export interface Setting {
  readonly mapUrl: string;
  readonly command: readonly string[] | null;
  readonly touch: boolean; // a phone or a tablet: nothing is pasted into a terminal there
}

type Place = keyof typeof told.places;

function placeOf({ mapUrl, command, touch }: Setting): Place {
  const open = new URL(mapUrl).protocol === "https:";
  if (touch) return open ? "touch_public" : "touch";
  if (command) return "own";
  return open ? "public" : "address";
}

export function stepsFor(setting: Setting): Step[] {
  const known: { [gap: string]: string } = { base: new URL(".", setting.mapUrl).href.replace(/\/$/, "") };
  if (setting.command) {
    known.shell = setting.command.map(quoted).join(" ");
    known.config = configOf(setting.command);
  }
  const steps: { [name: string]: Step } = told.steps;
  return told.places[placeOf(setting)].map((name) => {
    const { client, where, texts } = steps[name]!;
    return { client, where, texts: texts.map((text) => filled(text, known)) };
  });
}

/** What is said where there is no step to take, and an empty text elsewhere. */
export const insteadOfSteps = (setting: Setting): string => (stepsFor(setting).length ? "" : told.elsewhere);

/** What to say to the assistant: without the map's link only where it draws on the map in front. */
export function sayings(setting: Setting): Said[] {
  const where = filled(told.say_where, { link: setting.mapUrl });
  if (placeOf(setting) !== "own") return [{ before: told.then, text: where }];
  return [{ before: told.then, text: told.say }, { before: told.then_where, text: where }];
}

export const SAY = told.say;
export const TAKE = told.take;

/** What hosts have in their file, laid out as people write it. */
function configOf([command, ...args]: readonly string[]): string {
  const list = args.map((word) => JSON.stringify(word)).join(", ");
  const lines = [`"command": ${JSON.stringify(command)},`, `"args": [${list}]`].map((line) => `      ${line}\n`).join("");
  return `{\n  "mcpServers": {\n    "mapsrv": {\n${lines}    }\n  }\n}`;
}

/** In one pass: what is put in has no gaps. */
const filled = (text: string, known: { [gap: string]: string }): string =>
  text.replace(/\{(\w+)\}/g, (gap, name) => known[name] ?? gap);

/** A word as Python's shlex.quote writes it. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`);

// An attribution that somebody else's TileJSON brings is HTML, which MapLibre puts on the page: of it text and links to
// http(s) are kept, and no picture (it would tell a stranger who looks at this map), class or size. What is made is the
// whole of what is shown: text is escaped and a link is written anew, so nothing depends on how the HTML is torn.

import type { Map as MapLibreMap } from "maplibre-gl";

export const MAX_HTML = 8_000; // characters read of one: some have ten links, none is a book

const UNSEEN = /<!--[^]*?(?:-->|$)|<(script|style|template|noscript|iframe|title|textarea)\b[^]*?(?:<\/\1\s*>|$)/gi;
const PIECES = /<(?:"[^"]*"|'[^']*'|[^"'<>])*>|[^<]+|</g;
const HREF = /^<a\s(?:[^>]*?\s)?href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i;
const WEB = /^(?:https?:)?\/\/[^\s/\\]/i;
const ENTITIES: { [sign: string]: string } = { "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Has every source's attribution cleaned as it comes. To be called before a control that shows it is added. */
export function cleanAttributions(map: Pick<MapLibreMap, "on" | "getSource">): void {
  map.on("sourcedata", ({ sourceId, sourceDataType }) => {
    const source = sourceDataType === "metadata" ? map.getSource(sourceId) : undefined;
    if (source?.attribution) source.attribution = textAndLinks(source.attribution);
  });
}

/** Returns the HTML of the text and the http(s) links in it. What comes out goes in unchanged. */
export function textAndLinks(html: unknown): string {
  if (typeof html !== "string") return "";
  let made = "";
  let open = false;
  for (const [piece] of html.slice(0, MAX_HTML).replace(UNSEEN, " ").matchAll(PIECES)) {
    const isTag = piece.length > 1 && piece.startsWith("<");
    const url = isTag ? webAddress(piece) : undefined;
    if (!isTag) made += escaped(piece);
    else if (/^<\/?a[\s>]/i.test(piece)) {
      if (open) made += "</a>";
      open = url !== undefined;
      if (open) made += `<a href="${url}" target="_blank" rel="noopener noreferrer">`;
    } else if (/^<(?:br|p|div|li)\b/i.test(piece)) made += " ";
  }
  return open ? `${made}</a>` : made;
}

function webAddress(tag: string): string | undefined {
  const found = HREF.exec(tag);
  const url = (found?.[1] ?? found?.[2] ?? found?.[3] ?? "").trim();
  return WEB.test(url) ? escaped(url) : undefined;
}

/** Entities stay as they are: in what is made they are letters, whatever they spell. */
const escaped = (text: string): string => text.replace(/[<>"]/g, (sign) => ENTITIES[sign]!);

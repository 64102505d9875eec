// What a file is that is no GeoJSON, so that who drops it is told more than where a parser stopped. By its first bytes,
// and by its name where those leave it open. The server says the same of what programs send: mapsrv/core/foreign.py.

const HEAD = 1_024; // bytes that are looked at
const TAKEN = "What is taken here is GeoJSON (.geojson or .json). Your assistant can turn a file into that.";

const BY_START: [RegExp, string][] = [
  [/^PK\x03\x04/, "a ZIP archive"],
  [/^\x1f\x8b/, "compressed by gzip"],
  [/^SQLite format 3\0/i, "a database, as GeoPackages are"],
  [/^\0\0\x27\x0a/, "a shapefile"],
  [/^PAR1/i, "a Parquet table"],
  [/^PMTiles/i, "a PMTiles archive"],
  [/^fgb\x03fgb/i, "FlatGeobuf"],
  [/^(II\*\0|MM\0\*)/i, "a TIFF picture"],
  [/^(\x89PNG|\xff\xd8\xff|GIF8|RIFF)/i, "a picture"],
  [/^%PDF/i, "a PDF document"],
  [/^\s*<(.*<)?gpx[\s>]/is, "a GPX track"],
  [/^\s*<(.*<)?kml[\s>]/is, "KML"],
  [/^\s*<(!doctype html|html)/i, "a web page"],
  [/^\s*</, "XML"],
];
const BY_NAME: { [ending: string]: string } = {
  csv: "a table (CSV)", tsv: "a table (TSV)", gpx: "a GPX track", kml: "KML", kmz: "KML in a ZIP archive", shp: "a shapefile", dbf: "part of a shapefile",
  shx: "part of a shapefile", gpkg: "a GeoPackage", xlsx: "a spreadsheet", xls: "a spreadsheet", ods: "a spreadsheet", parquet: "a Parquet table",
  topojson: "TopoJSON", fgb: "FlatGeobuf", pmtiles: "a PMTiles archive", zip: "a ZIP archive", gz: "compressed by gzip",
};

/** A sentence or two on why a file cannot be taken; empty where it may be GeoJSON. */
export async function whyNotTaken(file: File): Promise<string> {
  if (file.size === 0) return `It is empty. ${TAKEN}`;
  const what = kindOf(new Uint8Array(await file.slice(0, HEAD).arrayBuffer()), file.name);
  return what ? `It is ${what}, no GeoJSON. ${TAKEN}` : "";
}

/** What bytes are that begin so; empty where they may be JSON, or are nothing known. */
export function kindOf(head: Uint8Array, name = ""): string {
  const text = String.fromCharCode(...head).replace(/^\xef\xbb\xbf/, "");
  const found = BY_START.find(([start]) => start.test(text))?.[1];
  if (found) return found;
  if (/^\s*[[{]/.test(text)) return ""; // whatever it is called
  return BY_NAME[/\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ""] ?? (isTable(text) ? "a table (CSV)" : "");
}

/** Whether there are two lines with as many separators. */
function isTable(text: string): boolean {
  const [one, two] = text.split(/\r?\n/).filter((line) => line.trim());
  const of = (line: string, separator: string): number => line.split(separator).length - 1;
  return two !== undefined && [",", ";", "\t"].some((separator) => of(one!, separator) > 0 && of(one!, separator) === of(two, separator));
}

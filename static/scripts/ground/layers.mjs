// What is in the ground's tiles, a layer a kind of thing, with the zoom from which each thing is there. The ground's style
// (mapsrv/wire/ground.json) draws these by name.
// @ts-check

import { feature, merge, mesh } from "topojson-client";
import { planarTriangleArea, presimplify, simplify } from "topojson-simplify";
import { cutPolygons } from "../antimeridian.mjs";
import { nameOf } from "./names.mjs";
import { area, biggest, innermost, polygonsOf } from "./shapes.mjs";
import { atlas, naturalEarth, places } from "./sources.mjs";
import { firstZooms } from "./thinning.mjs";

/** One thing of a layer; `first` is the zoom from which it is there. @typedef {{ first: number, properties: any, geometry: any }} Thing */

const FINE = atlas("world-atlas/countries-10m");
const STATES = atlas("us-atlas/states-10m");
const KNOWN = places();

// Natural Earth draws these as countries, and others do not: their borders are dashed. Those without a number too.
const DISPUTED = new Set(["732", "275"]); // Western Sahara, Palestine
// Bases, buffers and reefs that the atlas has as countries: no names of countries.
const NO_COUNTRY = /Dhekelia|Akrotiri|Guantanamo|Baikonur|Siachen|Buffer|Spratly|Scarborough|Serranilla|Bajo Nuevo|Clipperton|Coral Sea|Indian Ocean Ter|Ashmore|Heard/;
const NAMED = { "N. Cyprus": "Northern Cyprus", Macedonia: "North Macedonia", eSwatini: "Eswatini" };

/** @param {Thing["properties"]} properties @param {any} geometry @param {number} [first] @returns {Thing} */
const thing = (properties, geometry, first = 0) => ({ first, properties, geometry });

/** @param {[number, number]} coordinates */
const point = (coordinates) => ({ type: "Point", coordinates });

function land() {
  const whole = merge(FINE, FINE.objects.countries.geometries);
  return cutPolygons(/** @type {any} */ (whole.coordinates)).map((coordinates) => thing({}, { type: "Polygon", coordinates }));
}

/** @param {any} country */
const isDisputed = (country) => !country.id || DISPUTED.has(country.id);

/** Ground that nobody disputes, which another country rents. @param {any} country */
const isLeased = (country) => /^(?:Baikonur|USNB Guantanamo Bay)$/.test(country.properties.name);

function borders() {
  const countries = FINE.objects.countries;
  const between = (/** @type {boolean} */ disputed) =>
    mesh(FINE, countries, (a, b) => a !== b && !isLeased(a) && !isLeased(b) && (isDisputed(a) || isDisputed(b)) === disputed).coordinates;
  return [false, true].flatMap((disputed) => between(disputed).flatMap(unjumped)
    .map((coordinates) => thing(disputed ? { disputed: 1 } : {}, { type: "LineString", coordinates })));
}

/** The atlas is stitched at the antimeridian: a line is cut where it jumps. @param {any} line @returns {any[]} */
function unjumped(line) {
  const cuts = line.flatMap((/** @type {any} */ p, /** @type {number} */ i) => (i > 0 && Math.abs(p[0] - line[i - 1][0]) > 180 ? [i] : []));
  return [0, ...cuts].map((start, i) => line.slice(start, [...cuts, line.length][i])).filter((part) => part.length > 1);
}

function states() {
  const us = mesh(STATES, STATES.objects.states, (a, b) => a !== b).coordinates
    .map((coordinates) => thing({}, { type: "LineString", coordinates }, 2));
  const others = naturalEarth("50m_admin_1_states_provinces_lines").filter((line) => line.properties.adm0_a3 !== "USA");
  return [...us, ...others.map((line) => thing({}, line.geometry, 2))];
}

function stateNames() {
  return /** @type {any} */ (feature(STATES, STATES.objects.states)).features
    .map((/** @type {any} */ state) => [state, biggest({ type: "MultiPolygon", coordinates: cutPolygons(polygonsOf(state.geometry)) })])
    .filter((/** @type {any} */ [, ring]) => area(ring) > 0.3)
    .map((/** @type {any} */ [state, ring]) => {
      const size = Math.round(area(ring));
      const first = size >= 9 ? 4 : 6;
      return thing({ name: state.properties.name, first, size }, point(innermost(ring)), first - 1);
    });
}

const SIZES = [350, 70, 18, 5, 1, 0]; // square degrees of a country's biggest part, by the zoom from which it is named

function countryNames() {
  const there = atlas("world-atlas/countries-50m");
  const { features } = /** @type {any} */ (feature(there, there.objects.countries));
  return features.filter((/** @type {any} */ { properties }) => !NO_COUNTRY.test(properties.name)).map((/** @type {any} */ country) => {
    const ring = biggest({ type: "MultiPolygon", coordinates: cutPolygons(polygonsOf(country.geometry)) });
    const first = SIZES.findIndex((size) => area(ring) >= size);
    const [iso, full] = KNOWN.countries[country.id] ?? [];
    const { name } = country.properties;
    const shown = /** @type {any} */ (NAMED)[name] ?? (name.includes(".") && full ? full : name);
    return thing({ name: shown, ...(iso ? { iso } : {}), first, size: Math.round(area(ring)) }, point(innermost(ring)), Math.max(0, first - 1));
  });
}

/** Coarse lakes from afar, fine ones from zoom 2, Europe's small ones beside them from zoom 5. */
function lakes() {
  const fine = naturalEarth("50m_lakes").map((lake) => thing({}, lake.geometry, Math.max(0, Math.floor(lake.properties.min_zoom) - 1)));
  const small = naturalEarth("10m_lakes_europe").map((lake) => thing({}, lake.geometry, 5));
  return [...fine, ...small];
}

function lakeNames() {
  const fine = naturalEarth("50m_lakes").map((lake) => named(lake, lake.properties.min_zoom + 1.5));
  const small = naturalEarth("10m_lakes_europe").map((lake) => named(lake, lake.properties.min_zoom + 1));
  return [...fine, ...small].filter(({ properties }) => properties.name && properties.name !== "Caspian Sea");
}

/** @param {any} lake @param {number} zoom */
function named(lake, zoom) {
  const ring = biggest(lake.geometry);
  const first = Math.max(3, Math.min(8, Math.round(Math.min(zoom, 6.5 - Math.log2(Math.sqrt(area(ring)))))));
  return thing({ name: nameOf(lake.properties.name), first, size: area(ring) }, point(innermost(ring)), first - 1);
}

function rivers() {
  return naturalEarth("50m_rivers_lake_centerlines").map(({ properties: { name, scalerank, min_zoom }, geometry }) => {
    const first = Math.max(2, Math.floor(min_zoom) - 1);
    return thing({ rank: scalerank, first, ...(nameOf(name) ? { name: nameOf(name) } : {}) }, geometry, first);
  });
}

const SEA_FROM = [0, 2, 3, 4, 5]; // zoom, by Natural Earth's rank

function seas() {
  return naturalEarth("50m_marine_label_points").filter(({ properties }) => nameOf(properties.name) && properties.kind !== "river")
    .map(({ properties: { name, kind, scalerank }, geometry }) => {
      const first = SEA_FROM[scalerank];
      return thing({ name: nameOf(name), rank: scalerank, first, ...(kind === "ocean" ? { ocean: 1 } : {}) }, geometry, Math.max(0, first - 1));
    });
}

function peaks() {
  return naturalEarth("50m_geography_regions_elevation_points").filter(({ properties }) => nameOf(properties.name) && properties.elevation > 1_400)
    .filter(({ properties }) => !/Depression|Pass|Valley/.test(properties.name))
    .map(({ properties: { name, elevation }, geometry }) => thing({ name: nameOf(name), metres: elevation }, geometry, 4));
}

const CAPITAL = 4; // times its people a capital counts
// Cities that the world knows beyond their size, with how many times their people they count.
const GREAT = /** @type {{ [name: string]: number }} */ ({
  Paris: 9, London: 2, "New York City": 6, Tokyo: 2, "Los Angeles": 5, Rome: 3, Sydney: 6, "Rio de Janeiro": 3, "New Delhi": 60, Mumbai: 2,
  "San Francisco": 9, "Hong Kong": 2, Singapore: 4, "Cape Town": 3, "Washington, D.C.": 4, Toronto: 3, Vancouver: 4, Chicago: 2,
  "Buenos Aires": 2, "São Paulo": 2, Shanghai: 2, Istanbul: 2, Vienna: 2, Geneva: 3, Anchorage: 3, Honolulu: 4, Nuuk: 3, Reykjavík: 3,
});
const SEAT = 2e5; // and at least so many

function cities() {
  const ranked = KNOWN.cities
    .map(([lng, lat, name, people, capital]) => ({ lng, lat, name, capital, people, weight: weightOf(name, people, capital) }))
    .sort((a, b) => b.weight - a.weight);
  const first = firstZooms(ranked);
  return ranked.map(({ lng, lat, name, people, capital }, i) => {
    const size = people >= 5e6 ? 3 : people >= 1e6 ? 2 : people >= 2e5 ? 1 : 0;
    const properties = { name, first: first[i], order: i, size, ...(capital ? { capital: 1 } : {}) };
    return thing(properties, point([lng, lat]), Math.max(0, first[i] - 1));
  });
}

/** @param {string} name @param {number} people @param {number} capital */
function weightOf(name, people, capital) {
  const great = people > 15e4 ? (GREAT[name] ?? 1) : 1; // there is another Paris
  return (capital ? Math.max(people * CAPITAL, SEAT) : people) * great;
}

/** Every ten degrees, in steps that bend as a globe does; every thirty first. */
function graticule() {
  const lines = [];
  for (let lng = -180; lng < 180; lng += 10) lines.push([lng % 30 === 0, range(-85, 85).map((lat) => [lng, lat])]);
  for (let lat = -80; lat <= 80; lat += 10) lines.push([lat % 30 === 0, range(-180, 180).map((lng) => [lng, lat])]);
  return lines.map(([coarse, coordinates]) => thing(coarse ? { coarse: 1 } : {}, { type: "LineString", coordinates }, coarse ? 0 : 3));
}

/** @param {number} from @param {number} to */
const range = (from, to) => Array.from({ length: (to - from) / 5 + 1 }, (_, i) => from + i * 5);

const ice = () => naturalEarth("50m_glaciated_areas").map(({ properties, geometry }) => thing({}, geometry, Math.max(0, Math.floor(properties.min_zoom) - 2)));

const DECIMALS = 3; // 111 m, as fine as the tiles

/** @param {any} coordinates @returns {any} */
const rounded = (coordinates) =>
  typeof coordinates[0] === "number" ? coordinates.map((/** @type {number} */ x) => +x.toFixed(DECIMALS)) : coordinates.map(rounded);

/** @param {any} topology @param {string} name @param {(one: any) => any} told @returns {any} a FeatureCollection, cut at the antimeridian */
function collection(topology, name, told) {
  const { features } = /** @type {any} */ (feature(topology, topology.objects[name]));
  return { type: "FeatureCollection", features: features.map((/** @type {any} */ one) => {
    const coordinates = rounded(cutPolygons(polygonsOf(one.geometry)));
    return { type: "Feature", properties: told(one), geometry: { type: "MultiPolygon", coordinates } };
  }) };
}

const WIDE = 0.0009; // square degrees: what is left out of the shapes of the whole world is a pixel at zoom 5

/** As large as on a globe, or half of all points would be in the Arctic. @param {any} triangle */
const onGlobe = (triangle) => planarTriangleArea(triangle) * Math.cos((triangle[1][1] * Math.PI) / 180) ** 2;

/** What cut_places/ needs: the ground's own shapes, coarse for the whole world and fine for a few of them. */
export function groundShapes() {
  const country = (/** @type {any} */ one) => ({ iso_n3: one.id ?? "", name: one.properties.name });
  const there = atlas("world-atlas/countries-50m");
  return {
    countries: collection(simplify(presimplify(FINE, onGlobe), WIDE), "countries", country),
    "countries-fine": collection(FINE, "countries", country),
    "countries-50m": collection(there, "countries", country),
    "us-states": collection(STATES, "states", (one) => ({ fips: one.id, name: one.properties.name })),
    labels: { type: "FeatureCollection", features: collection(there, "countries", country).features.map((/** @type {any} */ one) => (
      { type: "Feature", properties: one.properties, geometry: point(rounded(innermost(biggest(one.geometry)))) })) },
    lakes: { type: "FeatureCollection", features: naturalEarth("50m_lakes") },
  };
}

/** @returns {{ [layer: string]: Thing[] }} */
export const groundLayers = () => ({
  land: land(), ice: ice(), lakes: lakes(), rivers: rivers(), graticule: graticule(), states: states(), borders: borders(),
  seas: seas(), lake_names: lakeNames(), peaks: peaks(), state_names: stateNames(), cities: cities(), countries: countryNames(),
});

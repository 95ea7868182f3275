// Draws clickkit/analysis/drawing/world.json: a small map of the world, one SVG path a country, small states as points.
// In an empty folder: npm install world-atlas@2.0.2 topojson-client@3 d3-geo@3 i18n-iso-countries@7
// then: cp …/deploy/world_map.mjs . && node world_map.mjs > …/clickkit/analysis/drawing/world.json

import { readFileSync } from "node:fs";
import { geoCentroid, geoNaturalEarth1, geoPath } from "d3-geo";
import countries from "i18n-iso-countries";
import { feature } from "topojson-client";

const WIDTH = 4000;
const HEIGHT = 1920;
const WITHOUT_NUMBER = { Kosovo: "XK" };

function read(name) {
  const topology = JSON.parse(readFileSync(`node_modules/world-atlas/${name}.json`));
  return feature(topology, topology.objects.countries).features;
}

function codeOf({ id, properties }) {
  return WITHOUT_NUMBER[properties.name] ?? (id && countries.numericToAlpha2(id)) ?? "";
}

const land = read("countries-110m").filter((one) => codeOf(one) !== "AQ");
const collection = { type: "FeatureCollection", features: land };
const projection = geoNaturalEarth1().fitSize([WIDTH, HEIGHT], collection); // clips at the antimeridian
const path = geoPath(projection).digits(0);

// "M4,5L6,5L6,9Z" as "M4 5l2 0 0 4z": whole numbers, each relative to the one before.
function relative(ring) {
  const [first, ...rest] = ring.split("L").map((pair) => pair.split(",").map(Number));
  let [x, y] = first;
  const moves = [];
  for (const [nextX, nextY] of rest) {
    if (nextX !== x || nextY !== y) moves.push(nextX - x, nextY - y);
    [x, y] = [nextX, nextY];
  }
  return moves.length > 2 ? `M${first[0]} ${first[1]}l${moves.join(" ").replaceAll(" -", "-")}z` : "";
}

function drawing(shape) {
  return (path(shape) ?? "").split("M").slice(1).map((ring) => relative(ring.replace("Z", ""))).join("");
}

const paths = {};
for (const one of land) paths[codeOf(one)] = (paths[codeOf(one)] ?? "") + drawing(one);
const points = {};
for (const one of read("countries-50m")) {
  const code = codeOf(one);
  if (!code || code in paths || code === "AQ") continue;
  points[code] = projection(geoCentroid(one)).map(Math.round);
}
const source = "Natural Earth 1:110m and 1:50m, public domain, by world-atlas 2.0.2";
process.stdout.write(JSON.stringify({ source, width: WIDTH, height: HEIGHT, paths, points }) + "\n");

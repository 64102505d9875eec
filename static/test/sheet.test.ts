import { describe, expect, test, vi } from "vitest";
import { wayInto } from "../src/map/clear.ts";
import { beside, rest, tapped, Way } from "../src/panel/heights.ts";

vi.mock("maplibre-gl", () => ({}));

const PIXELS = { low: 60, half: 350, full: 730 };

describe("a sheet that is let go", () => {
  test("rests at the nearest height", () => {
    expect([0, 204, 206, 539, 541, 900].map((at) => rest(at, 0, PIXELS))).toEqual(["low", "low", "half", "half", "full", "full"]);
  });

  test("goes on the way of a flick, to the next height", () => {
    expect([70, 340, 360, 720].map((at) => rest(at, 0.6, PIXELS))).toEqual(["half", "half", "full", "full"]);
    expect([70, 340, 360, 720].map((at) => rest(at, -0.6, PIXELS))).toEqual(["low", "low", "half", "half"]);
    expect(rest(730, 2, PIXELS)).toBe("full");
    expect(rest(60, -2, PIXELS)).toBe("low");
  });

  test("goes by steps with keys and taps", () => {
    expect([beside("low", -1), beside("low", 1), beside("half", 1), beside("full", 1)]).toEqual(["low", "half", "full", "full"]);
    expect([tapped("low"), tapped("half"), tapped("full")]).toEqual(["half", "full", "low"]);
  });
});

describe("the speed of a finger", () => {
  test("is that of its last moments", () => {
    const way = new Way();
    [[500, 0], [300, 50], [300, 400], [290, 410]].forEach(([y, ms]) => way.at(y, ms));
    expect(way.speed(410)).toBe(1);
  });

  test("is none after a rest, or without a way", () => {
    const way = new Way();
    expect(way.speed(10)).toBe(0);
    way.at(500, 0);
    way.at(400, 50);
    expect(way.speed(300)).toBe(0);
    expect(new Way().speed(0)).toBe(0);
  });
});

describe("the way of a popup into the open", () => {
  const free = { left: 100, top: 0, right: 500, bottom: 300 };
  const box = (left: number, top: number) => ({ left, top, right: left + 200, bottom: top + 100 });

  test("is none where it is in the open", () => {
    expect(wayInto(box(150, 50), free)).toEqual([0, 0]);
  });

  test("is as far as it must be", () => {
    expect(wayInto(box(40, -30), free)).toEqual([60, 30]);
    expect(wayInto(box(400, 250), free)).toEqual([-100, -50]);
  });

  test("shows the beginning of one that is too large", () => {
    expect(wayInto({ left: 50, top: 20, right: 700, bottom: 900 }, free)).toEqual([50, -20]);
  });
});

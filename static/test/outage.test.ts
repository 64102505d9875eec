// What a person is told while the server or its store is away.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CALM_MS, LONG_MS, Line, type Said } from "../src/panel/line.ts";
import { Saving, THANKS_MS, type Words } from "../src/panel/saving.ts";
import { Refusals } from "../src/state/refused.ts";
import { ANSWER_MS, KEY_LIVES_MS, Server } from "../src/wire/server.ts";
import { SHOWS_MS, TROUBLE_MS, Waiting, type Waits } from "../src/wire/waiting.ts";

beforeEach(() => void vi.useFakeTimers());

describe("the line to the server", () => {
  let said: Said[], line: Line;
  beforeEach(() => {
    said = [];
    line = new Line((word) => said.push(word));
  });
  test("that breaks for less than two seconds is not worth a word", () => {
    line.set("open");
    line.set("connecting");
    vi.advanceTimersByTime(CALM_MS - 1);
    line.set("lost");
    line.set("open");
    vi.advanceTimersByTime(LONG_MS);
    expect(said).toEqual(["open"]);
  });
  test("that breaks for longer is said to reconnect, then to be lost, and it ends by itself", () => {
    line.set("open");
    line.set("connecting");
    vi.advanceTimersByTime(CALM_MS - 500);
    line.set("lost"); // starts no new wait
    vi.advanceTimersByTime(500);
    expect(said).toEqual(["open", "reconnecting"]);
    line.set("connecting");
    vi.advanceTimersByTime(LONG_MS);
    line.set("connecting");
    expect(said).toEqual(["open", "reconnecting", "lost"]);
    line.set("open");
    vi.advanceTimersByTime(2 * LONG_MS);
    expect(said).toEqual(["open", "reconnecting", "lost", "open"]);
  });
  test("that was never open is said to be lost at once", () => {
    line.set("connecting");
    vi.advanceTimersByTime(LONG_MS);
    line.set("lost");
    expect(said).toEqual(["lost"]);
  });
  test("that is open says so, but not while a change waits long for its answer", () => {
    line.set("open");
    line.trouble(true);
    line.set("open");
    line.trouble(false);
    expect(said).toEqual(["open", "silent", "open"]);
    line.set("paused");
    line.trouble(true);
    expect(said.at(-1)).toBe("paused");
  });
  test("is said to reconnect at once after a pause, and no more once the map is gone", () => {
    line.set("open");
    line.set("paused");
    line.set("connecting");
    line.set("gone");
    vi.advanceTimersByTime(2 * LONG_MS);
    expect(said).toEqual(["open", "paused", "reconnecting", "gone"]);
  });
});

describe("where changes are kept", () => {
  let shown: Words[], saving: Saving;
  const last = (): string => Object.values(shown.at(-1)!).join("|");
  beforeEach(() => {
    shown = [];
    saving = new Saving((words) => shown.push(words));
  });
  test("is a plain fact while all is well, also with no store but memory", () => {
    saving.status({ durability: "memory", pending: 0, refused: [] });
    saving.status({ durability: "memory", pending: 0, refused: [] });
    expect(shown.every(({ news, waiting }) => news + waiting === "")).toBe(true);
    expect(last()).toBe("Kept in memory only||");
    saving.status({ durability: "redis", pending: 0, refused: [] });
    expect(last()).toBe("Saved on the server||");
  });
  test("is here only while the store is away, with what waits, and Saved is said when it is back", () => {
    saving.status({ durability: "redis", pending: 0 });
    saving.status({ durability: "memory", pending: 0 });
    expect(last()).toBe("|Saved here only|");
    saving.status({ durability: "memory", pending: 1 });
    expect(last()).toBe("|Saved here only|: 1 change waiting");
    saving.status({ durability: "memory", pending: 1_200 });
    expect(last()).toBe("|Saved here only|: 1200 changes waiting");
    saving.status({ durability: "redis", pending: 2 });
    expect(last()).toBe("|Saving|: 2 changes waiting");
    saving.status({ durability: "redis", pending: 0 });
    saving.status({ durability: "redis", pending: 0 });
    expect(last()).toBe("|Saved|");
    vi.advanceTimersByTime(THANKS_MS);
    expect(last()).toBe("Saved on the server||");
  });
  test("is here only for a page that comes while changes wait", () => {
    saving.status({ durability: "memory", pending: 3 });
    expect(last()).toBe("|Saved here only|: 3 changes waiting");
  });
  test("is not called saved by who lost something, nor after the store went away again", () => {
    saving.status({ durability: "memory", pending: 3 });
    saving.status({ durability: "redis", pending: 0, refused: [{ id: "a" }] });
    expect(last()).toBe("Saved on the server||");
    saving.status({ durability: "memory", pending: 3 });
    saving.status({ durability: "redis", pending: 0 });
    saving.status({ durability: "memory", pending: 0 });
    vi.advanceTimersByTime(2 * THANKS_MS);
    expect(last()).toBe("|Saved here only|");
  });
});

describe("changes that were refused", () => {
  const one = (id: string): object => ({ id, command: "remove_layer", code: "unknown_layer", message: `no ${id}` });
  test("are told once each, in words", () => {
    const refusals = new Refusals();
    expect(refusals.take([one("a")])).toEqual([{ what: "Removing a layer", why: "no a" }]);
    expect(refusals.take([one("a"), one("b"), one("b")])).toEqual([{ what: "Removing a layer", why: "no b" }]);
    expect(refusals.take([])).toEqual([]);
    expect(refusals.take([one("b"), one("a")])).toEqual([]);
  });
  test("are bounded, and what a frame repeats is not forgotten", () => {
    const refusals = new Refusals();
    const many = Array.from({ length: 1_500 }, (_, n) => one(`${n}`));
    expect(refusals.take(many)).toHaveLength(1_000);
    expect(refusals.take([one("1499")])).toEqual([]);
    for (let n = 0; n < 50; n++) refusals.take([one("1499"), ...Array.from({ length: 100 }, (_, m) => one(`${n}-${m}`))]);
    expect(refusals.take([one("1499")])).toEqual([]);
    expect(refusals.take([{ id: "x", command: "toString", message: "y".repeat(9_000) }])[0]).toEqual({
      what: "A change", why: "y".repeat(500),
    });
  });
  test("may come in any shape", () => {
    const refusals = new Refusals();
    for (const odd of [undefined, true, "no", {}, [null, 1, "a", {}, { id: 1 }]]) expect(refusals.take(odd)).toEqual([]);
    expect(refusals.take([{ id: "a", code: "busy" }])).toEqual([{ what: "A change", why: "busy" }]);
  });
});

describe("a command", () => {
  let keys: string[], answers: (Response | null)[];
  const json = (status: number, body: object, headers = {}): Response => new Response(JSON.stringify(body), { status, headers });
  const away = (headers = {}): Response => json(503, { error: { message: "Not now." } }, headers);
  beforeEach(() => {
    keys = [];
    vi.stubGlobal("fetch", async (_: string, { body }: { body: string }) => {
      keys.push(JSON.parse(body).id);
      const answer = answers.shift();
      if (!answer) throw new TypeError("Failed to fetch");
      return answer;
    });
  });
  afterEach(() => vi.unstubAllGlobals());
  const sent = async (): Promise<unknown> => {
    const done = new Server("s", "v").command("toggle_layer", {}).catch((error: Error) => error.message);
    await vi.runAllTimersAsync();
    return done;
  };
  test("is sent again under its key while the server is away", async () => {
    answers = [null, json(502, {}), away({ "Retry-After": "1" }), json(200, { changed: ["a"] })];
    expect(await sent()).toEqual({ changed: ["a"] });
    expect([keys.length, new Set(keys).size]).toEqual([4, 1]);
  });
  test("is given up after some seconds, and no more is said than is known", async () => {
    answers = [];
    expect(await sent()).toBe("The server could not be reached. The change may not have been made.");
    answers = [null, away(), away(), away(), away()];
    expect(await sent()).toBe("Not now.");
    expect(keys.length).toBe(10);
  });
  test("is not pressed on a server that wants a longer wait, nor when it was refused", async () => {
    answers = [away({ "Retry-After": "30" })];
    expect(await sent()).toBe("Not now.");
    answers = [json(422, { error: { message: "No such layer." } })];
    expect(await sent()).toBe("No such layer.");
    expect(keys.length).toBe(2);
  });
  test("says what its author goes by now, whatever letters that has", async () => {
    const posted: RequestInit[] = [];
    vi.stubGlobal("fetch", async (_: string, init: RequestInit) => (posted.push(init), json(200, {})));
    let name = "";
    const server = new Server("s", "v", undefined, () => name);
    for (name of ["", "Ana", "José 🗺", "half \ud83d"]) await server.command("toggle_layer", {});
    const types = posted.map(({ headers }) => new Headers(headers).get("Content-Type"));
    expect(new Set(types)).toEqual(new Set(["application/json"]));
    const names = posted.map(({ headers }) => new Headers(headers).get("Mapsrv-Name"));
    expect(names).toEqual([null, "Ana", "Jos%C3%A9%20%F0%9F%97%BA", "half%20"]);
  });
});

describe("a command that nobody answers", () => {
  let keys: string[], hangs: number;
  beforeEach(() => {
    [keys, hangs] = [[], Infinity];
    vi.stubGlobal("fetch", (_: string, { body, signal }: { body: string; signal: AbortSignal }) => {
      keys.push(JSON.parse(body).id);
      if (keys.length > hangs) return Promise.resolve(new Response("{}"));
      return new Promise((_done, fail) => signal.addEventListener("abort", () => fail(signal.reason)));
    });
  });
  afterEach(() => vi.unstubAllGlobals());
  test("is sent again over another connection, under its key", async () => {
    hangs = 1;
    const done = new Server("s", "v").command("toggle_layer", {});
    await vi.advanceTimersByTimeAsync(ANSWER_MS + 1_000);
    expect(await done).toEqual({});
    expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
  });
  test("is given up before its key is forgotten, and no more is said than is known", async () => {
    let said = "";
    void new Server("s", "v").command("toggle_layer", {}).catch((error: Error) => (said = error.message));
    await vi.advanceTimersByTimeAsync(KEY_LIVES_MS);
    expect(said).toBe("The server has not answered for a minute, so this is given up. It may still have been done.");
    expect(new Set(keys).size).toBe(1);
  });
});

describe("changes that wait", () => {
  let shown: Waits[], waiting: Waiting;
  const until = (ms: number) => () => new Promise<void>((done) => setTimeout(done, ms));
  beforeEach(() => {
    shown = [];
    waiting = new Waiting((waits) => shown.push(waits));
  });
  test("are not worth a word where they are answered soon", async () => {
    void waiting.during("Hiding", until(SHOWS_MS - 1));
    await vi.advanceTimersByTimeAsync(TROUBLE_MS);
    expect(shown).toEqual([]);
  });
  test("are said, then are trouble, and are done", async () => {
    void waiting.during("Hiding", until(TROUBLE_MS + 1_000));
    await vi.advanceTimersByTimeAsync(1_000);
    void waiting.during("Moving", until(500));
    await vi.advanceTimersByTimeAsync(TROUBLE_MS);
    const [one, two] = [["Hiding"], ["Hiding", "Moving"]];
    expect(shown).toEqual([
      { what: one, trouble: false }, { what: two, trouble: false }, { what: one, trouble: false }, { what: one, trouble: true }, { what: [], trouble: false },
    ]);
  });
  test("are done too where they fail", async () => {
    await expect(waiting.during("Hiding", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await vi.advanceTimersByTimeAsync(TROUBLE_MS);
    expect(shown).toEqual([]);
  });
});

describe("what a tab says of itself", () => {
  afterEach(() => vi.unstubAllGlobals());
  test("is numbered, and the numbers grow over a reload and under a clock that is set back", async () => {
    const numbers: number[] = [];
    vi.stubGlobal("fetch", async (_: string, { body }: { body: string }) => {
      numbers.push(JSON.parse(body).n);
      return new Response(null, { status: 204 });
    });
    vi.setSystemTime(5_000);
    const before = new Server("s", "v");
    for (let n = 0; n < 3; n++) await before.presence({ visible: true });
    vi.setSystemTime(1_000);
    await before.presence({ gone: true }, true);
    vi.setSystemTime(6_000);
    await new Server("s", "v").presence({ visible: true });
    expect(numbers).toEqual([5_000, 5_001, 5_002, 5_003, 6_000]);
  });
});

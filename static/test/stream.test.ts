import { beforeEach, describe, expect, test, vi } from "vitest";
import { QUIET_MS, SILENCE_MS, Stream, type Connection, type EventSourceLike } from "../src/wire/stream.ts";

class FakeSource implements EventSourceLike {
  readyState = 0;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;
  private listeners = new Map<string, (message: { data: string; lastEventId: string }) => void>();
  constructor(readonly position: string) {}
  addEventListener(type: string, listener: (message: any) => void): void {
    this.listeners.set(type, listener);
  }
  close(): void {
    this.closed = true;
  }
  say(type: string, data: unknown, lastEventId = ""): void {
    this.listeners.get(type)!({ data: JSON.stringify(data), lastEventId });
  }
  giveUp(): void {
    this.readyState = 2;
    this.onerror!();
  }
}

let sources: FakeSource[], connections: Connection[], heard: string[], answer: "there" | "gone" | "away", understood: boolean, stream: Stream;
const last = (): FakeSource => sources.at(-1)!;
const snapshot = (position: string): object => ({ format: 1, position, state: {} });
const opened = (): FakeSource => {
  stream.start();
  last().onopen!();
  last().say("snapshot", snapshot("e.1.a"));
  return last();
};

beforeEach(() => {
  vi.useFakeTimers();
  [sources, connections, heard, answer, understood] = [[], [], [], "away", true];
  stream = new Stream(
    {
      open: (position) => sources[sources.push(new FakeSource(position)) - 1],
      ask: async () => answer,
      setTimeout: (run, ms) => setTimeout(run, ms),
      clearTimeout: (timer) => clearTimeout(timer),
      random: () => 0.5,
      now: Date.now,
    },
    {
      onConnection: (connection) => connections.push(connection),
      onSnapshot: (it) => heard.push(`snapshot ${it.position}`),
      onEvent: (_, position) => (heard.push(`event ${position}`), understood),
      onPresence: () => heard.push("presence"),
      onStatus: () => heard.push("status"),
      onAsk: () => undefined,
    },
  );
});

test("a newcomer is open once it has its snapshot, and follows the events", () => {
  stream.start();
  last().onopen!();
  expect(connections).toEqual([]);
  last().say("snapshot", snapshot("e.1.a"));
  last().say("event", { ops: [] }, "e.2.b");
  expect([connections, heard, stream.position]).toEqual([["open"], ["snapshot e.1.a", "event e.2.b"], "e.2.b"]);
});

test("an event that is not understood is answered by taking a snapshot", () => {
  opened();
  understood = false;
  last().say("event", { ops: [] }, "e.2.b");
  expect([sources.length, last().position, sources[0].closed]).toEqual([2, "", true]);
});

test("40 seconds of silence reconnect from the position, and any frame counts as sound", async () => {
  opened();
  await vi.advanceTimersByTimeAsync(SILENCE_MS - 1);
  last().say("ping", { position: "e.1.a" });
  await vi.advanceTimersByTimeAsync(SILENCE_MS - 1);
  expect(sources.length).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect([sources.length, last().position, stream.connection]).toEqual([2, "e.1.a", "lost"]);
  last().onopen!();
  expect(stream.connection).toBe("open");
});

test("while the browser retries by itself, it is left to", () => {
  opened();
  last().onerror!();
  expect([stream.connection, sources.length]).toEqual(["connecting", 1]);
  last().onopen!();
  expect(stream.connection).toBe("open");
});

describe("when EventSource gives up", () => {
  test("a map that is not there is gone for good", async () => {
    opened();
    answer = "gone";
    last().giveUp();
    await vi.advanceTimersByTimeAsync(120_000);
    expect([stream.connection, sources.length]).toEqual(["gone", 1]);
  });
  test("a server that is away is tried again, ever more slowly, up to 30 s", async () => {
    opened();
    const waits: number[] = [];
    for (let i = 0; i < 7; i++) {
      const [before, since] = [sources.length, Date.now()];
      last().giveUp();
      while (sources.length === before) await vi.advanceTimersByTimeAsync(250);
      waits.push(Date.now() - since);
    }
    expect(waits).toEqual([1_500, 2_500, 4_500, 8_500, 15_500, 15_500, 15_500]);
    expect(last().position).toBe("e.1.a");
    last().say("ping", null);
    const since = Date.now();
    last().giveUp();
    const before = sources.length;
    while (sources.length === before) await vi.advanceTimersByTimeAsync(250);
    expect(Date.now() - since).toBe(1_500);
  });
  test("and the tab is hidden meanwhile, it stays paused", async () => {
    opened();
    last().giveUp();
    stream.pause();
    await vi.advanceTimersByTimeAsync(120_000);
    expect([stream.connection, sources.length]).toEqual(["paused", 1]);
    stream.resume();
    expect(last().position).toBe("e.1.a");
  });
});

test("after drain the browser is left to come back in its own time", async () => {
  opened().say("drain", {});
  expect([stream.connection, last().closed]).toEqual(["open", false]);
  last().onerror!(); // the server ends it
  await vi.advanceTimersByTimeAsync(SILENCE_MS - 1);
  expect([stream.connection, sources.length]).toEqual(["connecting", 1]);
  last().onopen!();
  expect(stream.connection).toBe("open");
});

test("a drained stream that is never ended is left when it is silent", async () => {
  opened().say("drain", {});
  await vi.advanceTimersByTimeAsync(SILENCE_MS);
  expect([sources.length, last().position, sources[0].closed]).toEqual([2, "e.1.a", true]);
});

describe("who looks again", () => {
  const times = (): number => (stream.resume(), sources.length);

  test("waits for no back-off", async () => {
    opened().giveUp();
    await vi.advanceTimersByTimeAsync(0);
    expect([times(), last().position]).toEqual([2, "e.1.a"]);
    await vi.advanceTimersByTimeAsync(SILENCE_MS - 1);
    expect(sources.length).toBe(2); // the wait that was planned is off
  });

  test("waits for no retry of the browser's", () => {
    opened().onerror!();
    expect(times()).toBe(2);
  });
  test("does not trust a line that was silent meanwhile", () => {
    opened();
    vi.setSystemTime(Date.now() + QUIET_MS + 1); // timers stood still, as on a phone that slept
    expect(times()).toBe(2);
  });

  test("disturbs neither a line that lives nor one that is being opened", () => {
    stream.start();
    expect(times()).toBe(1);
    last().onopen!();
    last().say("snapshot", snapshot("e.1.a"));
    vi.setSystemTime(Date.now() + QUIET_MS);
    expect(times()).toBe(1);
  });

  test("finds no map that is gone", async () => {
    answer = "gone";
    opened().giveUp();
    await vi.advanceTimersByTimeAsync(0);
    vi.setSystemTime(Date.now() + QUIET_MS + 1);
    expect(times()).toBe(1);
  });
});

test("a stream that was left is not listened to", () => {
  const old = opened();
  stream.resnapshot();
  old.say("event", { ops: [] }, "e.9.z");
  expect(stream.position).toBe("");
});

test("two pings that name a position we never reached reconnect", () => {
  opened();
  last().say("ping", { position: "e.2.b" });
  expect(sources.length).toBe(1);
  last().say("ping", { position: "e.2.b" });
  expect([sources.length, last().position]).toEqual([2, "e.1.a"]);
});

// What is said of connecting an assistant, by where the page is; and of those that are here.

import { describe, expect, test } from "vitest";
import { whoIsHere } from "../src/panel/assistants.ts";
import { insteadOfSteps, sayings, stepsFor, type Setting } from "../src/panel/steps.ts";

const at = (mapUrl: string, more: Partial<Setting> = {}): Setting => ({ mapUrl, command: null, touch: false, ...more });
const HERE = "http://127.0.0.1:8081/?session=a-b";
const THERE = "https://h.example/pre/?session=a-b";
const texts = (setting: Setting): string[] => stepsFor(setting).flatMap((step) => step.texts);

describe("how an assistant is connected", () => {
  test("of this user's own has the full command, quoted for a shell as Python does it", () => {
    const command = ["/opt/it's me/mapsrv", "stdio", "--data-dir", "/x_y/%1"];
    const [code, desktop, ...rest] = texts(at(HERE, { command }));
    expect(code).toBe(`claude mcp add --scope user mapsrv -- '/opt/it'"'"'s me/mapsrv' stdio --data-dir /x_y/%1`);
    expect(JSON.parse(desktop!)).toEqual({ mcpServers: { mapsrv: { command: command[0], args: command.slice(1) } } });
    expect(rest).toEqual(["http://127.0.0.1:8081/mcp", "http://127.0.0.1:8081/sse"]);
    expect(sayings(at(HERE, { command }))[0]!.text).not.toContain("http");
  });
  test("of nobody known has no path, and says which map", () => {
    expect(texts(at(HERE))[0]).toBe("claude mcp add --scope user --transport http mapsrv http://127.0.0.1:8081/mcp");
    expect(texts(at(HERE)).join()).not.toContain("stdio");
    expect(sayings(at(HERE)).map(({ text }) => text.endsWith(` ${HERE}`))).toEqual([true]);
  });
  test("at a public address keeps its path, and has what connectors take", () => {
    expect(stepsFor(at(THERE)).map(({ client, texts: [first] }) => [client, first])).toEqual([
      ["Claude on the web, the desktop or a phone", "https://h.example/pre/mcp"],
      ["Claude Code", "claude mcp add --scope user --transport http mapsrv https://h.example/pre/mcp"],
      ["Any other MCP client", "https://h.example/pre/mcp"],
    ]);
  });
  test("on a phone has nothing for a terminal: an address that the internet reaches, or where to go", () => {
    const touch = { touch: true, command: ["/mapsrv", "stdio"] };
    expect(texts(at(THERE, touch))).toEqual(["https://h.example/pre/mcp"]);
    expect([texts(at(HERE, touch)), insteadOfSteps(at(HERE, touch))]).toEqual([[], expect.stringContaining("on a computer")]);
    expect(sayings(at(HERE, touch))[0]!.text).toContain(HERE);
    expect(insteadOfSteps(at(THERE, touch))).toBe("");
  });
  test("puts nothing into what was put in", () => {
    expect(texts(at(HERE, { command: ["/{base}/{config}", "stdio"] }))[0]).toContain("'/{base}/{config}'");
  });
});

describe("assistants that are here", () => {
  const here = (...names: string[]): string => whoIsHere(names.map((name, id) => ({ name, id: String(id), drawing: false })));
  test("are told by name, and two of one name apart", () => {
    expect(here("Claude")).toBe("Claude is here");
    expect(here("Claude", "Cursor")).toBe("Claude and Cursor are here");
    expect(here("Claude", "Claude")).toBe("Claude and another Claude are here");
    expect(here("Claude", "Cursor", "Claude")).toBe("Claude, Cursor and another Claude are here");
    expect(here("a", "b", "c", "d")).toBe("4 assistants are here");
    expect(here()).toBe("");
  });
  test("are told to draw", () => {
    expect(whoIsHere([{ name: "Claude", id: "1", drawing: true }])).toBe("Claude is here and drawing");
  });
  test("have a name of some length at most", () => {
    expect(here("x".repeat(99))).toBe(`${"x".repeat(40)}… is here`);
  });
});

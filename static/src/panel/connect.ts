// The dialog that says what to paste into an assistant, and the link to share. What is shown is plain text to copy.

import { button, byId, copy, el, iconButton } from "./dom.ts";

const EXPLAIN_DESKTOP =
  "Add this to its configuration file. Desktop programs do not know your shell's path, " +
  "so put in the full path of mapsrv that the server printed when it started:";

export function connectTexts(mapUrl: string) {
  const session = new URL(mapUrl).searchParams.get("session") ?? "";
  const base = new URL(".", mapUrl).href;
  const mcp = `${base}mcp?session=${encodeURIComponent(session)}`;
  return {
    // Quoted, as "?" is a pattern to some shells.
    claudeCode: `claude mcp add --transport http mapsrv "${mcp}"`,
    mcp,
    sse: `${base}sse?session=${encodeURIComponent(session)}`,
    desktop: JSON.stringify({ mcpServers: { mapsrv: { command: "mapsrv", args: ["stdio"] } } }, null, 2),
    chat: `Please work on this map: ${mapUrl}`,
  };
}

export function openConnect(mapUrl: string): void {
  const texts = connectTexts(mapUrl);
  byId("connect-body").replaceChildren(
    part("Claude Code", "Run this in a terminal:", [texts.claudeCode]),
    part("Any assistant that takes an MCP address", "Streamable HTTP, or for older ones HTTP with SSE:", [texts.mcp, texts.sse]),
    part("Claude Desktop", EXPLAIN_DESKTOP, [texts.desktop]),
    part("In the chat", "Tell your assistant which map you mean by pasting the map's link:", [texts.chat]),
  );
  byId<HTMLDialogElement>("connect").showModal();
}

function part(heading: string, explanation: string, texts: string[]): HTMLElement {
  return el("section", {}, el("h3", {}, heading), el("p", {}, explanation), ...texts.map(copyable));
}

function copyable(text: string): HTMLElement {
  const done = el("span", { className: "offscreen", role: "status" });
  const copier = button("Copy", () => void copyAndSay(text, copier, done));
  return el("div", { className: "copyable" }, el("pre", { tabIndex: 0 }, text), copier, done);
}

async function copyAndSay(text: string, copier: HTMLElement, done: HTMLElement): Promise<void> {
  const copied = await copy(text);
  copier.textContent = copied ? "Copied" : "Select and copy it by hand";
  done.textContent = copied ? "Copied" : "Could not copy";
  setTimeout(() => (copier.textContent = "Copy"), 2_000);
}

export function wireConnect(mapUrl: () => string, say: (text: string) => void): void {
  const dialog = byId<HTMLDialogElement>("connect");
  byId("connect-open").onclick = () => openConnect(mapUrl());
  byId("connect-close").replaceWith(iconButton("remove", "Close", () => dialog.close()));
  byId("copy-link").onclick = async () => say((await copy(mapUrl())) ? "Link copied" : `The map's link: ${mapUrl()}`);
}

// A client of the TypeScript SDK that changes a map's title for ever: client.mjs WAY BASE SESSION NAME PAUSE.
// Prints one line of JSON for each call that was acknowledged, for each that was not, and for each beginning.
// It keeps its session until it is told that this is gone, as a host does, and then begins anew.
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [way, base, session, name, pause] = process.argv.slice(2);
const CALL_MS = 3000;
const AGAIN_MS = 200;
const TRANSPORTS = { sse: [SSEClientTransport, "/sse"], http: [StreamableHTTPClientTransport, "/mcp"] };

const say = (line) => console.log(JSON.stringify(line));
const seconds = () => Date.now() / 1000;
const isGone = (error) => error.code === 404 || /HTTP 404/.test(error.message);
let number = 0;

async function call(client) {
  const mark = `${name}-${number++}`;
  const params = { name: "open_map", arguments: { session_id: session, title: mark }, _meta: { "mapsrv/id": mark } };
  const sent = seconds();
  const result = await client.callTool(params, undefined, { timeout: CALL_MS });
  if (result.isError) return say({ failed: result.content[0].text });
  say({ mark, sent, answered: seconds(), durability: result.structuredContent.durability });
}

async function serve() {
  const [Transport, path] = TRANSPORTS[way];
  const client = new Client({ name, version: "1" });
  let gone = false;
  client.onerror = (error) => (gone ||= isGone(error));
  try {
    await client.connect(new Transport(new URL(base + path)), { timeout: CALL_MS });
    say({ begun: true });
    while (!gone) {
      await call(client).catch((error) => {
        gone ||= isGone(error);
        say({ failed: String(error) });
      });
      await sleep(Number(pause) * 1000);
    }
  } catch (error) {
    say({ failed: `at the beginning: ${error}` });
  } finally {
    await client.close().catch(() => undefined);
  }
}

for (;;) {
  await serve();
  await sleep(AGAIN_MS);
}

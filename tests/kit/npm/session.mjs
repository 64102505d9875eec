// One MCP session of the TypeScript SDK's client: session.mjs URL CALLS. Prints what each request was answered.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [url, calls] = process.argv.slice(2);
const seen = [];
const errors = [];
const transport = new StreamableHTTPClientTransport(new URL(url), {
  fetch: async (input, init) => {
    const answer = await fetch(input, init);
    seen.push([init.method, answer.status]);
    return answer;
  },
});
const client = new Client({ name: "typescript", version: "1" });
client.onerror = (error) => errors.push(String(error));
await client.connect(transport);
const titles = [];
for (let number = 0; number < Number(calls); number++) {
  const result = await client.callTool({ name: "open_map", arguments: { title: `Title ${number}`, new: true } });
  titles.push(result.structuredContent.title);
}
const session = transport.sessionId;
await transport.terminateSession();
await client.close();
console.log(JSON.stringify({ titles, seen, errors, session }));

// What one writes with Node alone: its own http, one write a viewer. It keeps, checks and replays nothing.

import { createServer } from "node:http";

const viewers = new Set();

function stream(response) {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
  response.write("event: snapshot\ndata: {}\n\n");
  viewers.add(response);
  response.on("close", () => viewers.delete(response));
}

function send(asked) {
  const origin = { kind: "person", id: "anonymous", name: "" };
  const data = JSON.stringify({ at: new Date().toISOString(), origin, ops: [asked] });
  const frame = `event: event\ndata: ${data}\n\n`;
  for (const viewer of viewers) viewer.write(frame);
}

const server = createServer((request, response) => {
  if (request.method === "GET") return stream(response);
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    send(JSON.parse(Buffer.concat(parts).toString()));
    const body = JSON.stringify({ viewers: viewers.size });
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": body.length });
    response.end(body);
  });
});

server.listen(Number(process.argv[2]), "127.0.0.1");

// Socket.IO as the relay's second measure: `node server.mjs PORT`. Each line `COUNT SIZE` on standard input is COUNT
// events to everybody, in packets of SIZE bytes. Set as lean as it goes: WebSocket only, no compression, no pings.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, {
  transports: ["websocket"],
  perMessageDeflate: false,
  httpCompression: false,
  serveClient: false,
  pingInterval: 600_000,
});
io.on("connection", (socket) => socket.join("jobs"));
http.listen(Number(process.argv[2]), "127.0.0.1");
for await (const line of createInterface({ input: process.stdin })) {
  const [count, size] = line.split(" ").map(Number);
  const text = "x".repeat(size - '42["event",""]'.length);
  for (let number = 0; number < count; number++) {
    io.to("jobs").emit("event", text);
    await new Promise(setImmediate);
  }
}

// npm's `ws` as the relay's client. One line of JSON on standard input: {url, tokens}. Each token's order is followed
// until its payment is confirmed, cut without a goodbye, and followed again from where it was heard first.
// A line of JSON on standard output for each part.
import { createInterface } from "node:readline";
import WebSocket from "ws";

const { value } = await createInterface({ input: process.stdin })[Symbol.asyncIterator]().next();
const { url, tokens } = JSON.parse(value);
const tell = (told) => console.log(JSON.stringify(told));

function follow(token, cursor) {
  const ear = { socket: new WebSocket(url, { perMessageDeflate: false }) };
  ear.begun = new Promise((resolve, reject) => {
    ear.heard = new Promise((hear) => {
      ear.socket.on("open", () => ear.socket.send(JSON.stringify({ type: "hello", token, cursor })));
      ear.socket.on("close", (code) => reject(new Error(`closed with ${code}`)));
      ear.socket.on("error", reject);
      ear.socket.on("message", (data) => {
        const message = JSON.parse(data);
        if (message.type === "subscribed") resolve(message);
        if (message.type === "payment:confirmed") hear({ late: Date.now() - Date.parse(message.at), seq: message.seq });
      });
    });
  });
  return ear;
}

const first = tokens.map((token) => follow(token));
const begun = await Promise.all(first.map((ear) => ear.begun));
tell({ subscribed: begun.length });
const heard = await Promise.all(first.map((ear) => ear.heard));
tell({ heard: heard.length, late: heard.map(({ late }) => late) });
for (const ear of first) ear.socket.terminate();
const again = tokens.map((token, place) => follow(token, begun[place].cursor));
const back = await Promise.all(again.map((ear) => ear.begun));
const twice = await Promise.all(again.map((ear) => ear.heard));
tell({ recovered: back.filter(({ recovered }) => recovered).length, same: twice.filter(({ seq }, place) => seq === heard[place].seq).length });
process.exit(0);

// Follows orders live (docs/relay.md): over the relay's WebSocket, and over the shop's own event stream where no
// WebSocket gets through. Comes back by itself, resumes by cursor, and says when something was missed.
//
//   const live = follow({ order, token: (fresh) => access, onStart, onEvent, onReload, onLink, onEnd });
//   live.stop();
//
// order     whose moves; a buyer's token follows its own order only. Admins may name `topics` instead.
// token     gives the token, now or as a promise; `fresh`: the last one has expired, or is about to.
// onStart   a stream begins or goes on: {order | topic, recovered, cursor, snapshot: {state, seq, at} or null}
// onEvent   something happened: {type, id, cursor, order, seq, at, data}
// onReload  events were missed, so ask the API for everything that is shown
// onLink    "live" (WebSocket), "stream" (the fallback), "away" (trying again)
// onEnd     {code, reason}: trying again would end the same way
// base      the shop's address, url the relay's: of use outside a page

const FIRST_WAIT = 400;
const LONGEST_WAIT = 20000;
const BEAT = 20000; // browsers do not notice a dead connection by themselves
const SILENCE = 45000;
const EARLY = 60000; // a new token this long before the old one ends
const LONGEST_TIMER = 2 ** 31 - 1;
const SHUT_OUT = 2; // this many failed handshakes, and the stream is tried
const STREAM_FOR = 120000; // then the WebSocket again

const EXPIRED = 4419;
const FINAL = new Set([4400, 4401, 4403, 4415, 4429]);

export function follow(options) {
  const base = options.base ?? location.origin;
  const topics = options.topics ?? [];
  const cursors = new Map();
  const tell = (name, ...told) => options[name]?.(...told);
  let stopped = false;
  let leave = () => {};
  let failures = 0; // since the last good word
  let shutOut = 0;
  let streamUntil = 0;
  let fresh = false;
  let link = "";

  const say = (state) => state !== link && tell("onLink", (link = state));

  function hear(message) {
    if (message.type === "subscribed") {
      failures = shutOut = 0;
      if (message.cursor) cursors.set(message.order ?? message.topic, message.cursor);
      tell("onStart", message);
      if (message.recovered === false) tell("onReload");
    } else if ("at" in message) {
      if (message.cursor) cursors.set(cursors.has("orders") ? "orders" : message.order, message.cursor);
      tell("onEvent", message);
    }
  }

  function subscribe(send, welcome) {
    for (const topic of topics) send({ type: "subscribe", topic, cursor: cursors.get(topic) });
    const order = options.order;
    if (order && order !== welcome.order) send({ type: "subscribe", order, cursor: cursors.get(order) });
  }

  // Resolves when the connection has ended: {code, reason, after (ms, as the relay asked), opened}.
  function converse(url, token) {
    return new Promise((resolve) => {
      const socket = new WebSocket(url);
      const send = (message) => socket.send(JSON.stringify(message));
      let heard = Date.now();
      let opened = false;
      let after;
      let renewal;
      const beat = setInterval(() => {
        if (Date.now() - heard > SILENCE) end({ code: 1006, reason: "silent" });
        else if (socket.readyState === WebSocket.OPEN) send({ type: "ping" });
      }, BEAT);
      const end = (told) => {
        clearInterval(beat);
        clearTimeout(renewal);
        socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
        socket.close();
        resolve({ after, opened, ...told });
      };
      const renewBefore = (expires) => {
        const wait = Math.max(expires * 1000 - Date.now() - EARLY, EARLY / 2);
        clearTimeout(renewal);
        if (wait < LONGEST_TIMER) renewal = setTimeout(renew, wait);
      };
      const renew = async () => {
        try {
          const next = await options.token(true);
          if (socket.readyState === WebSocket.OPEN) send({ type: "refresh", token: next });
        } catch {
          // the relay ends the connection when the old token does, and the next try asks again
        }
      };
      leave = () => end({ code: 1000, reason: "left" });
      socket.onopen = () => {
        opened = true;
        send({ type: "hello", token, cursor: cursors.get(options.order) });
      };
      socket.onmessage = ({ data }) => {
        heard = Date.now();
        const message = JSON.parse(data);
        if (message.type === "welcome" || message.type === "refreshed") renewBefore(message.expires);
        if (message.type === "welcome") {
          say("live");
          fresh = false;
          subscribe(send, message);
        } else if (message.type === "reconnect") after = message.after * 1000;
        else if (message.type === "error") end({ code: 4404, reason: message.code, final: true });
        else hear(message);
      };
      socket.onclose = ({ code, reason }) => end({ code, reason });
      socket.onerror = () => opened || end({ code: 1006, reason: "unreachable" }); // some tell nothing more
    });
  }

  // The fallback: server-sent events, read by fetch because a token never rides in an address. Resolves when it ends.
  async function stream(token) {
    const quit = new AbortController();
    leave = () => quit.abort();
    const cursor = cursors.get(options.order);
    const headers = { Accept: "text/event-stream", Authorization: `Bearer ${token}` };
    if (cursor) headers["Last-Event-ID"] = cursor;
    const path = `${base}/fulfillment/${options.order}/events`;
    const answer = await fetch(path, { headers, cache: "no-store", credentials: "omit", signal: quit.signal });
    if (!answer.ok) {
      const { code = "unreadable" } = await answer.json().catch(() => ({}));
      if (code === "expired_token") return { code: EXPIRED, reason: code };
      return { code: answer.status, reason: code, final: [401, 403, 404].includes(answer.status) };
    }
    say("stream");
    fresh = false;
    let after;
    for await (const block of blocks(answer.body)) {
      const fields = new Map(block.split("\n").map((line) => line.split(/: ?(.*)/s, 2)));
      if (fields.has("retry")) after = Number(fields.get("retry"));
      if (fields.has("data")) hear(JSON.parse(fields.get("data")));
    }
    return { code: 1000, reason: "ended", after, opened: true };
  }

  async function once() {
    try {
      const token = await options.token(fresh);
      if (options.order && Date.now() < streamUntil) return await stream(token);
      const url = options.url ?? (await relayOf(base));
      const end = stopped ? {} : await converse(url, token);
      shutOut = end.opened ? 0 : shutOut + 1;
      if (shutOut >= SHUT_OUT) streamUntil = Date.now() + STREAM_FOR;
      return end;
    } catch (error) {
      if (error.status === 401 || error.status === 404) return { code: error.status, reason: error.code, final: true };
      return { code: 1006, reason: "unreachable" };
    }
  }

  async function run() {
    while (!stopped) {
      const end = await once();
      if (stopped) return;
      const again = end.code === EXPIRED && !fresh; // once; a new token that has expired too is the end
      fresh = end.code === EXPIRED;
      if (end.final || FINAL.has(end.code) || (fresh && !again)) {
        tell("onEnd", { code: end.code, reason: end.reason });
        return;
      }
      if (link !== "stream" || !end.opened) say("away");
      const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failures++);
      const pause = end.after ?? wait * (0.5 + Math.random() / 2);
      await new Promise((done) => {
        const timer = setTimeout(done, pause);
        leave = () => (clearTimeout(timer), done());
      });
    }
  }

  run();
  return {
    stop() {
      stopped = true;
      leave();
    },
  };
}

async function relayOf(base) {
  const answer = await fetch(`${base}/relay`, { credentials: "omit" });
  if (!answer.ok) throw new Error("the shop does not say where its relay is");
  return (await answer.json()).url;
}

async function* blocks(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const whole = text.split("\n\n");
    text = whole.pop();
    yield* whole;
  }
}

// What happens, live: the relay's topics (docs/relay.md), told to the view that is shown.

import { at } from "/assets/admin/make.js";
import { shown } from "/assets/admin/routes.js";
import { relayToken } from "/assets/admin/session.js";
import { follow } from "/assets/live.js";

const TOPICS = ["orders", "jobs", "webhooks"];
const PAUSE = 700; // ms: events come in bunches, and one look serves all
const REST = 2000; // after a look, whatever happens, unless the view wants more
const SLOW = 15000; // between looks while nothing is told live

let live = null;
let timer = 0;
let due = 0; // when it goes off
let looked = 0; // when the last look ended
let link = "away";

function say(state) {
  link = state;
  at("link").dataset.link = state;
  at("link").textContent = state === "away" ? "Not live" : "Live";
  at("link").title = state === "away" ? "The relay cannot be reached; asking every 15 seconds." : "Changes are shown as they happen.";
}

async function look() {
  timer = 0;
  if (document.hidden || document.querySelector("dialog[open]")) return lookSoon(SLOW / 3);
  await shown()?.again?.();
  looked = Date.now();
  if (link === "away") lookSoon(SLOW);
}

// A look that is due already stays, unless it would come later: news do not wait for the slow look.
function lookSoon(wait = PAUSE) {
  const now = Date.now();
  const then = Math.max(now + wait, looked + (shown()?.rest ?? REST));
  if (timer && due <= then) return;
  clearTimeout(timer);
  due = then;
  timer = setTimeout(look, then - now);
}

export function start() {
  if (live) return;
  say("away");
  lookSoon(SLOW);
  live = follow({
    topics: TOPICS,
    token: relayToken,
    onEvent: (event) => shown()?.hears?.(event) && lookSoon(),
    onReload: () => lookSoon(),
    onLink: say,
    onEnd: () => say("away"),
  });
}

export function stop() {
  live?.stop();
  live = null;
  clearTimeout(timer);
  timer = 0;
}

// The buyer's page: where the order stands, live, and its keys after a press. Everything shown is text, never markup.

import { anyShown, at, copy, element, hideKeys, listKeys, mayPress, showKey } from "/assets/keys.js";
import { follow } from "/assets/live.js";
import { showPayment, showWhatCame } from "/assets/money.js";
import { openKey } from "/assets/opening.js";
import { ask, askForCode, begin, enterCode, forget, orderId, takeToken, token } from "/assets/session.js";

const steps = ["created", "paid", "waiting", "ready", "fulfilled"];
const texts = {
  created: ["Waiting for your payment", "This page notices by itself when it has come."],
  paid: ["Paid. Thank you!", "We are about to buy your keys."],
  waiting: ["Your keys are being bought", "That takes seconds most of the time, sometimes minutes."],
  ready: ["Your keys are on their way", "We are sealing and storing them."],
  fulfilled: ["Your keys are here", "Show them whenever you like. We have mailed you the link, too."],
  expired: ["This order has expired", "Nothing was paid in time. If you did pay, we see it and get in touch."],
  review: ["We are looking at your payment", "It does not fit the order exactly. A person looks at it and writes to you."],
  failed: ["Something went wrong at our supplier", "A person looks at it now. You get your keys, or your money back: we write to you either way."],
  refund_due: ["You get your money back", "We could not deliver, and your refund is on its way."],
  refunded: ["Refunded", "The money went back to you, and the keys of this order no longer work."],
};
// What is said of an order of one key.
const single = {
  paid: ["Paid. Thank you!", "We are about to buy your key."],
  waiting: ["Your key is being bought", texts.waiting[1]],
  ready: ["Your key is on its way", "We are sealing and storing it."],
  fulfilled: ["Your key is here", "Show it whenever you like. We have mailed you the link, too."],
};
// What is said in place of the above of an order that failed, or that waits for a person.
const problems = {
  underpaid: ["A part of the payment is missing", "Your payment came, but not the whole of it. Nothing is lost: a person looks at it and writes to you."],
  partly: ["Not all of it could be bought", "Your payment came, and a part of your order was bought: it is kept for you. A person looks at the rest now. You get those keys, or your money back: we write to you either way, and there is nothing that you need to do."],
  sold_out: ["Sold out at our supplier", "Your payment came, and no key is left to buy. A person looks at it now. You get your keys, or your money back: we write to you either way, and there is nothing that you need to do."],
};
// What is said in place of the above once the right to the keys no longer stands.
const ends = {
  ended: ["A newer link was mailed", "Please use the newest letter; this link opens nothing any more."],
  used_up: ["Your keys were shown many times", "To show them again, prove by a code that the mailbox is yours."],
  withdrawn: ["These keys were withdrawn", "They are destroyed, and nobody can show them any more. Questions? Please answer our letter."],
  expired: ["These keys are no longer kept", "The time for which we keep keys is over, and they are destroyed."],
};
const closed = ["This link does not open the order", "It is incomplete, or too old. Please use the newest letter, or a code."];
const links = { live: "Live.", stream: "Live.", away: "Looking every few seconds." };
const QUICK = 2000; // ms between looks while nothing is told live
const SLOW = 15000;

let shown = "";
let live;
let link = "away";
let timer;
let over = false; // the right ended while this page was open

function say([headline, explanation]) {
  if (at("headline").textContent !== headline) at("headline").textContent = headline;
  at("explanation").textContent = explanation;
  document.title = headline;
}

function showSteps(state) {
  const place = steps.indexOf(state);
  at("steps").hidden = place < 0;
  for (const item of at("steps").children) {
    const own = steps.indexOf(item.dataset.state);
    const finished = own < place || state === "fulfilled";
    item.className = finished ? "done" : own === place ? "now" : "";
    if (own === place) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  }
}

function showLines(order) {
  at("lines").hidden = false;
  at("line-list").replaceChildren(
    ...order.lines.map((line) => {
      const row = element("div", "line");
      const price = `${line.unitPrice} ${order.currency.toUpperCase()}`;
      row.append(element("span", "", line.name), element("span", "", `${line.quantity} × ${price}`));
      return row;
    }),
  );
  const total = element("div", "line");
  total.append(element("strong", "", "Total"), element("strong", "", `${order.price} ${order.currency.toUpperCase()}`));
  at("line-list").append(total);
}

const keysOf = (status) => status.lines.reduce((sum, line) => sum + line.quantity, 0);

function textOf(status) {
  const alone = keysOf(status) === 1 && single[status.status];
  return problems[status.problem] || alone || texts[status.status] || [status.status, ""];
}

function showKeyList(status) {
  if (status.canReveal) listKeys(status.lines, press);
  else if (status.right !== "used_up") hideKeys();
  mayPress(status.canReveal);
  tellOfKeys();
}

function tellOfKeys() {
  at("key-actions").hidden = !anyShown();
  at("keys").hidden = !at("key-list").querySelector(".show:not([hidden])") && !anyShown();
}

async function look() {
  const status = await ask(`/fulfillment/${orderId}/status`);
  at("right-told").hidden = false;
  showKeyList(status);
  const opened = anyShown();
  at("guest").hidden = status.right !== "used_up" || opened;
  const stored = status.lines.map((line) => line.keysStored);
  const seen = `${status.status} ${status.right} ${status.problem} ${stored}`;
  if (seen === shown) return;
  const order = await ask(`/orders/${orderId}`);
  shown = seen;
  const hasKeys = status.status === "fulfilled" && !opened;
  say((hasKeys && ends[status.right]) || textOf(status));
  if (keysOf(status) === 1) {
    at("keys-title").textContent = "Your key";
    at("keys-sealed").textContent = "It opens on this screen only, after a press, and each look is written down. Press when nobody looks over your shoulder.";
  }
  showSteps(status.status);
  showPayment(order);
  showWhatCame(order, status.problem);
  showLines(order);
}

function isOver(error) {
  return error.status === 401 || error.status === 404;
}

function stop(text) {
  over = true;
  clearTimeout(timer);
  live?.stop();
  live = undefined;
  forget();
  hideKeys();
  for (const id of ["keys", "payment", "came", "lines", "steps", "right-told"]) at(id).hidden = true;
  at("guest").hidden = false;
  at("link").textContent = "";
  say(text);
}

async function lookAndGoOn() {
  if (over) return; // what was under way when it ended must not say something else
  clearTimeout(timer);
  try {
    await look();
  } catch (error) {
    if (over) return;
    if (isOver(error)) {
      stop(error.code === "ended_right" ? ends.ended : closed);
      return;
    }
    link = "away";
  }
  if (over) return;
  at("link").textContent = links[link];
  at("link").dataset.link = link;
  timer = setTimeout(lookAndGoOn, link === "away" ? QUICK : SLOW);
}

function linked(now) {
  link = now;
  lookAndGoOn();
}

function start() {
  over = false;
  shown = "";
  at("guest").hidden = true;
  lookAndGoOn();
  live = follow({
    order: orderId,
    token,
    onStart: lookAndGoOn,
    onEvent: lookAndGoOn,
    onReload: lookAndGoOn,
    onLink: linked,
    onEnd: () => linked("away"),
  });
}

// A press on one key's button.
async function press(button, line, number) {
  button.disabled = true;
  at("reveal-error").hidden = true;
  try {
    const key = await openKey(line, number);
    showKey(button.closest(".key-row"), key);
    tellOfKeys();
  } catch (error) {
    at("reveal-error").textContent = error.code === "key_unreadable"
      ? "A key of this order cannot be opened now. It is not your fault: a person was told and looks at it."
      : `The key could not be opened (${error.code || "no connection"}). Please try again.`;
    at("reveal-error").hidden = false;
    lookAndGoOn();
  } finally {
    button.disabled = false;
  }
}

function hide() {
  hideKeys();
  shown = "";
  lookAndGoOn();
}

function tellGuest(text) {
  at("guest-told").textContent = text;
  at("guest-told").hidden = false;
}

async function sendCode(event) {
  event.preventDefault();
  try {
    await askForCode(at("guest-email").value);
    at("code-form").hidden = false;
    at("guest-code").focus();
    tellGuest("If this order was placed with that address, a code is on its way. It is good for a quarter of an hour.");
  } catch (error) {
    tellGuest(error.status === 429 ? "That was often. Please wait a minute." : "That did not work. Please try again.");
  }
}

async function useCode(event) {
  event.preventDefault();
  try {
    await enterCode(at("guest-email").value, at("guest-code").value);
  } catch (error) {
    tellGuest(error.status === 429 ? "That was often. Please wait a minute." : "This code does not open this order, or no longer.");
    return;
  }
  at("guest-told").hidden = true;
  at("code-form").reset();
  live?.stop();
  start();
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", () => {
    const source = at(button.dataset.copy);
    copy(button, source.dataset.value || source.textContent);
  });
}
at("hide-button").addEventListener("click", hide);
at("print-button").addEventListener("click", () => window.print());
at("ask-form").addEventListener("submit", sendCode);
at("code-form").addEventListener("submit", useCode);
addEventListener("pagehide", hideKeys); // whoever comes back by the back button finds no keys
addEventListener("pageshow", (event) => event.persisted && lookAndGoOn());
at("reference").textContent = orderId.slice(0, 8);
at("page").hidden = false;
const given = takeToken();
if (given) {
  try {
    await begin(given);
  } catch {
    // the first look says what is the matter, or tries again
  }
  start();
} else {
  stop(["Please open the link in your letter", "It carries your right to this order; the bare address does not."]);
}

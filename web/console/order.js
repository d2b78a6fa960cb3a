// The buyer's page. The right to the order comes in the fragment of the address, which browsers keep to themselves;
// it stays in this tab and goes to our own API only. Everything shown is text, never markup.

const orderId = location.pathname.split("/").pop();
const kept = `bitloot:${orderId}`;
const steps = ["created", "paid", "waiting", "ready", "fulfilled"];
const texts = {
  created: ["Waiting for your payment", "This page notices by itself when it has come."],
  paid: ["Paid. Thank you!", "We are about to buy your keys."],
  waiting: ["Your keys are being bought", "That takes seconds most of the time, sometimes minutes."],
  ready: ["Your keys are on their way", "We are sealing and storing them."],
  fulfilled: ["Your keys are here", "Reveal them whenever you like. We have mailed you the link, too."],
  expired: ["This order has expired", "Nothing was paid in time. If you did pay, we see it and get in touch."],
  review: ["We are looking at your payment", "It does not fit the order exactly. A person looks at it and writes to you."],
  failed: ["Something went wrong at our supplier", "A person looks at it. Your money is safe."],
  refund_due: ["You get your money back", "We could not deliver, and your refund is on its way."],
  refunded: ["Refunded", "The money went back to you, and the keys of this order no longer work."],
};

const at = (id) => document.getElementById(id);
let access = "";
let shown = "";
let revealed = false;

function say(headline, explanation) {
  at("headline").textContent = headline;
  at("explanation").textContent = explanation;
  document.title = headline;
}

function takeToken() {
  const fragment = location.hash.slice(1).replace(/^t=/, "");
  if (fragment) {
    history.replaceState(null, "", location.pathname);
    sessionStorage.setItem(kept, fragment);
  }
  return sessionStorage.getItem(kept) || "";
}

function isForLetters(token) {
  try {
    const part = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    return JSON.parse(atob(part)).aud === "bitloot:link";
  } catch {
    return false;
  }
}

async function call(path, options = {}) {
  const headers = { ...(access && { Authorization: `Bearer ${access}` }), ...options.headers };
  const answer = await fetch(path, { ...options, headers, cache: "no-store", credentials: "omit" });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(body.code || "unreadable"), { status: answer.status, code: body.code });
  return body;
}

async function begin(token) {
  access = "";
  if (!isForLetters(token)) {
    access = token;
    return;
  }
  const body = JSON.stringify({ linkToken: token });
  const headers = { "Content-Type": "application/json" };
  access = (await call(`/fulfillment/${orderId}/session`, { method: "POST", headers, body })).accessToken;
}

async function withSession(ask) {
  try {
    return await ask();
  } catch (error) {
    const token = takeToken();
    if (error.status !== 401 || !isForLetters(token)) throw error;
    await begin(token); // sessions are short; the letter's link lasts longer
    return ask();
  }
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
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

function showPayment(order) {
  const payment = order.payment;
  at("payment").hidden = order.status !== "created" || !payment;
  if (at("payment").hidden) return;
  at("pay-amount").textContent = `${payment.payAmount} ${payment.payCurrency.toUpperCase()}`;
  at("pay-amount").dataset.value = payment.payAmount;
  at("pay-address").textContent = payment.payAddress;
  at("memo-field").hidden = !payment.payinExtraId;
  at("pay-memo").textContent = payment.payinExtraId || "";
  const until = payment.validUntil && new Date(payment.validUntil);
  at("pay-until").hidden = !until;
  at("pay-until").textContent = until ? `This quote holds until ${until.toLocaleString()}.` : "";
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
}

function showKeys(keys) {
  at("reveal").hidden = true;
  at("keys").hidden = false;
  at("key-list").replaceChildren(
    ...keys.map((key) => {
      const row = element("div", "key-row");
      const told = element("div");
      told.append(element("div", "soft", key.name));
      if (key.key !== null) {
        told.append(element("code", "key", key.key));
        const button = element("button", "quiet", "Copy");
        button.addEventListener("click", () => copy(button, key.key));
        row.append(told, button);
      } else {
        const picture = element("img");
        picture.alt = `Key for ${key.name}`;
        picture.src = `data:${key.mediaType};base64,${key.base64}`;
        told.append(picture);
        row.append(told);
      }
      return row;
    }),
  );
}

async function copy(button, text) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Select it by hand";
  }
  setTimeout(() => (button.textContent = before), 2000);
}

async function reveal() {
  const button = at("reveal-button");
  button.disabled = true;
  at("reveal-error").hidden = true;
  try {
    const path = `/fulfillment/${orderId}/reveal`;
    const answer = await withSession(() => call(path, { method: "POST" }));
    revealed = true;
    showKeys(answer.keys);
  } catch (error) {
    at("reveal-error").textContent = `The keys could not be opened (${error.code || "no connection"}). Please try again.`;
    at("reveal-error").hidden = false;
  } finally {
    button.disabled = false;
  }
}

async function look() {
  const status = await withSession(() => call(`/fulfillment/${orderId}/status`));
  if (status.status === shown) return;
  const order = await call(`/orders/${orderId}`);
  shown = order.status;
  const [headline, explanation] = texts[order.status] || [order.status, ""];
  say(headline, explanation);
  showSteps(order.status);
  showPayment(order);
  showLines(order);
  at("reveal").hidden = order.status !== "fulfilled" || revealed;
}

async function follow() {
  let pause = 1500;
  for (;;) {
    try {
      await look();
      pause = shown === "fulfilled" || shown === "refunded" ? 15000 : 1500;
    } catch (error) {
      if (error.status === 401 || error.status === 404) {
        say("This link does not open the order", "It is incomplete, or too old. Please use the link in your letter.");
        return;
      }
      pause = Math.min(pause * 2, 20000);
    }
    await new Promise((done) => setTimeout(done, pause));
  }
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", () => {
    const source = at(button.dataset.copy);
    copy(button, source.dataset.value || source.textContent);
  });
}
at("reveal-button").addEventListener("click", reveal);
at("reference").textContent = orderId.slice(0, 8);
const token = takeToken();
if (token) {
  try {
    await begin(token);
  } catch {
    access = ""; // follow() says what is the matter, or tries again
  }
  follow();
} else {
  say("Please open the link in your letter", "It carries your right to this order; the bare address does not.");
}

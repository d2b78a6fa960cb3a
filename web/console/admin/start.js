// The console: the door, then the view that the address names.

import { audit } from "/assets/admin/audit.js";
import { cases, oneCase } from "/assets/admin/cases.js";
import { dashboard } from "/assets/admin/dashboard.js";
import { jobs, oneJob } from "/assets/admin/jobs.js";
import * as keyboard from "/assets/admin/keyboard.js";
import { letters } from "/assets/admin/letters.js";
import { at, make } from "/assets/admin/make.js";
import { start, stop } from "/assets/admin/news.js";
import { notice } from "/assets/admin/notice.js";
import { notices, oneRefused, refused } from "/assets/admin/notices.js";
import { order } from "/assets/admin/order.js";
import { orders } from "/assets/admin/orders.js";
import { payment, payments } from "/assets/admin/payments.js";
import { products } from "/assets/admin/products.js";
import { reservation, reservations } from "/assets/admin/reservations.js";
import { clear, go, listen, route, show, trouble } from "/assets/admin/routes.js";
import { search } from "/assets/admin/search.js";
import { forget, leave, mailedToken, recall, who } from "/assets/admin/session.js";
import { door } from "/assets/admin/signin.js";
import { tell } from "/assets/admin/told.js";

route("", "dashboard", dashboard);
route("orders", "orders", orders);
route("orders/:id", "orders", order);
route("cases", "cases", cases);
route("cases/:id", "cases", oneCase);
route("webhook-logs", "webhook-logs", notices);
route("webhook-logs/refused", "webhook-logs", refused);
route("webhook-logs/refused/:id", "webhook-logs", oneRefused);
route("webhook-logs/:id", "webhook-logs", notice);
route("jobs", "jobs", jobs);
route("jobs/:id", "jobs", oneJob);
route("payments", "payments", payments);
route("payments/:id", "payments", payment);
route("reservations", "reservations", reservations);
route("reservations/:id", "reservations", reservation);
route("letters", "letters", letters);
route("key-audit", "key-audit", audit);
route("products", "products", products);
route("search", "search", search);

const THEMES = ["system", "light", "dark"];

function theme() {
  const chosen = () => document.documentElement.dataset.theme || "system";
  const say = () => {
    at("theme").title = `Colours: ${chosen()}`;
    at("theme").setAttribute("aria-label", at("theme").title);
  };
  at("theme").addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(chosen()) + 1) % THEMES.length];
    if (next === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    localStorage.setItem("bitloot:theme", next);
    say();
  });
  say();
}

function menu() {
  const set = (open) => {
    at("nav").toggleAttribute("data-open", open);
    at("menu").setAttribute("aria-expanded", String(open));
  };
  at("menu").addEventListener("click", () => set(!at("nav").hasAttribute("data-open")));
  document.addEventListener("shown", () => set(false));
}

function person() {
  const { email, role } = who();
  const button = make("button", { class: "quiet", type: "button", on: { click: quit } }, "Sign out");
  at("who").replaceChildren(make("span", { title: `${email}, ${role}` }, email, make("span", { class: "soft" }, ` ${role}`)), button);
}

async function entered() {
  document.body.dataset.signed = "in";
  person();
  start();
  await show();
}

async function quit() {
  stop();
  try {
    await leave();
  } catch (error) {
    tell(`You were not signed out: ${error.message}`, "bad");
    return entered();
  }
  clear();
  door(entered);
}

function ended() {
  if (document.body.dataset.signed !== "in") return;
  stop();
  forget();
  clear();
  door(entered, { why: "Your session has ended. Sign in again, and you are back here." });
}

at("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = at("search-field").value.trim();
  if (text) go(`/console/search?q=${encodeURIComponent(text)}`);
});
at("keys").addEventListener("click", keyboard.help);
document.addEventListener("session-ended", ended);

theme();
menu();
listen();
keyboard.listen();
addEventListener("hashchange", () => {
  const token = mailedToken(); // a mailed link that was opened where the console is open already
  if (!token) return;
  stop();
  clear();
  door(entered, { token });
});
const token = mailedToken();
try {
  if (token) door(entered, { token });
  else if (await recall()) await entered();
  else door(entered);
} catch (error) {
  at("main").replaceChildren(...trouble(error, () => location.reload()).filter(Boolean));
}

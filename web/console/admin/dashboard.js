// How the house is doing: what waits for a person, where orders stand, how quick keys are, money, suppliers, silence.

import { chart, waited } from "/assets/admin/chart.js";
import { ask } from "/assets/admin/house.js";
import { make, refill } from "/assets/admin/make.js";
import { STATES } from "/assets/admin/orders.js";
import { ago, span } from "/assets/admin/times.js";
import { chip, money, orderLink, short, titled } from "/assets/admin/words.js";

const DAYS = 7;
const DAY = 86400e3;

const past = new Map(); // figures of days that are over, by their first moment

async function figuresOf(since, until) {
  const key = since.toISOString();
  if (past.has(key)) return past.get(key);
  const told = await ask("/admin/kpi", { since: key, until: until.toISOString() });
  const [name, brief] = [{ weekday: "short", day: "numeric" }, { weekday: "short" }].map((parts) => since.toLocaleDateString(undefined, parts));
  const day = { name, brief, orders: told.orders, missed: told.missed, p50: told.timeToKey.p50, p95: told.timeToKey.p95 };
  if (until.getTime() < Date.now() - DAY) past.set(key, day); // orders of yesterday may still be on their way
  return day;
}

async function week() {
  const today = new Date();
  today.setHours(0, 0, 0, 0);
  const days = [];
  for (let n = DAYS - 1; n >= 0; n -= 1) {
    const since = new Date(today);
    since.setDate(today.getDate() - n);
    const until = new Date(since);
    until.setDate(since.getDate() + 1);
    days.push(await figuresOf(since, until));
  }
  return days;
}

const section = (title, ...inside) => make("section", { class: "card" }, make("h2", {}, title), inside);
const none = (text) => make("p", { class: "soft" }, text);

function figure(name, value, address, warn) {
  return make("a", { class: warn && value ? "figure warn" : "figure", href: address }, make("strong", {}, value.toLocaleString()), make("span", {}, name));
}

// What an alarm is about, with the way to answer it: its case, its dead job, or what it names.
function matter(alarm) {
  const place = alarm.caseId ? `/console/cases/${alarm.caseId}` : alarm.jobId && `/console/jobs/${alarm.jobId}`;
  if (place) return make("a", { href: place }, make("strong", {}, titled(alarm.kind)));
  return make("span", {}, make("strong", {}, titled(alarm.kind)), alarm.about && ` ${short(alarm.about)}`);
}

function alarms(told) {
  if (!told.alarms.length) return make("p", { class: "calm-note" }, "No alarm. Everything that should have been heard was heard.");
  const rows = told.alarms.map((alarm) =>
    make("li", {}, matter(alarm), alarm.orderId && ["order ", orderLink(alarm.orderId)], ago(alarm.raisedAt), alarm.times > 1 && make("span", { class: "soft" }, `told ${alarm.times} times`)),
  );
  return make("section", { class: "card alarms" }, make("h2", {}, told.alarms.length === 1 ? "One alarm" : `${told.alarms.length} alarms`), make("ul", {}, rows));
}

function states(told) {
  return STATES.map((state) => {
    const count = told.orders[state] || 0;
    return make("a", { href: `/console/orders?state=${state}`, class: count ? null : "soft" }, chip(state, count ? undefined : "calm"), make("span", { class: "num" }, count.toLocaleString()));
  });
}

const rows = (given, cells) => make("table", { class: "plain-table" }, make("tbody", {}, given.map((one) => make("tr", {}, cells(one)))));

function held(told) {
  if (!told.moneyHeld.length) return none("None: nobody waits for a key that was paid.");
  return rows(told.moneyHeld, (one) => [make("th", { scope: "row" }, money(one.amount, one.currency)), make("td", { class: "num soft" }, one.orders === 1 ? "1 order" : `${one.orders} orders`)]);
}

function balances(told) {
  if (!told.balances.length) return none("No supplier tells a balance.");
  return rows(told.balances, (one) => [
    make("th", { scope: "row" }, one.supplier),
    make("td", { class: "num" }, one.problem ? chip(one.problem, one.problem === "not_told" ? "calm" : "bad") : money(one.amount, one.currency), one.asOf && make("div", { class: "soft" }, ago(one.asOf))),
  ]);
}

function sources(told) {
  if (!told.lastNotices.length) return none("No provider has told us anything yet.");
  return rows(told.lastNotices, (one) => [make("th", { scope: "row" }, one.source), make("td", { class: "num" }, one.at ? ago(one.at) : make("span", { class: "soft" }, "never"))]);
}

function times(kpi) {
  const within = kpi.within.map((share) => `${share.share === null ? "–" : `${Math.round(share.share * 1000) / 10} %`} within ${span(share.seconds)}`);
  return make(
    "div",
    { class: "quick" },
    make("div", {}, make("strong", {}, waited(kpi.timeToKey.p50, kpi.orders)), make("span", {}, "p50, last 7 days")),
    make("div", {}, make("strong", {}, waited(kpi.timeToKey.p95, kpi.orders)), make("span", {}, "p95")),
    make("div", {}, make("strong", {}, kpi.missed.toLocaleString()), make("span", {}, `of ${kpi.orders.toLocaleString()} paid without a key yet`)),
    make("p", { class: "soft" }, within.join(" · ")),
  );
}

export async function dashboard() {
  const upper = make("div");
  const quick = make("div");
  const drawn = make("div", { class: "drawn" }, none("Measuring…"));

  async function draw() {
    try {
      refill(drawn, chart(await week()));
    } catch (error) {
      refill(drawn, make("p", { class: "trouble" }, error.message));
    }
  }

  async function look() {
    const [told, kpi] = await Promise.all([ask("/admin/dashboard"), ask("/admin/kpi")]);
    const people = (told.orders.review || 0) + (told.orders.failed || 0) + (told.orders.refund_due || 0);
    refill(
      upper,
      alarms(told),
      make("div", { class: "figures" },
        figure("open cases", told.casesOpen, "/console/cases?state=open", true),
        figure("orders wait for a person", people, "/console/orders?openCase=true", true),
        figure("on their way", (told.orders.paid || 0) + (told.orders.waiting || 0) + (told.orders.ready || 0), "/console/orders"),
        figure("fulfilled", told.orders.fulfilled || 0, "/console/orders?state=fulfilled")),
      make("div", { class: "panes" },
        section("Orders by state", make("div", { class: "states" }, states(told))),
        section("Money held", held(told)),
        section("Suppliers’ balance", balances(told)),
        section("Last notice", sources(told))),
    );
    refill(quick, times(kpi));
  }

  await look();
  draw();
  return {
    title: "Dashboard",
    nodes: [make("header", { class: "head" }, make("h1", { tabindex: "-1" }, "Dashboard")), upper, section("From payment to key", quick, drawn)],
    again: () => look().catch(() => {}),
    hears: () => true,
    rest: 8000, // ms between looks: it asks much
  };
}

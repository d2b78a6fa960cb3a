// One notice: its facts, what it said (redacted, the look recorded), what differs from others about the same, replays.

import { differences } from "/assets/admin/compare.js";
import { ask } from "/assets/admin/house.js";
import { make, refill } from "/assets/admin/make.js";
import { replayOne } from "/assets/admin/replay.js";
import { mayAct } from "/assets/admin/session.js";
import { ago, exact } from "/assets/admin/times.js";
import { chip, copyButton, facts, orderLink, plain, short, written } from "/assets/admin/words.js";

const contentOf = (id) => ask(`/admin/webhook-logs/${id}/content`);

function saidBy(id) {
  const box = make("div");
  const button = make("button", { class: "quiet", type: "button", on: { click: open } }, "Show what it said");
  async function open() {
    button.disabled = true;
    try {
      const told = await contentOf(id);
      const gone = told.expunged_at || told.expungedAt;
      refill(
        box,
        gone ? make("p", {}, "What it said was expunged: it is no longer kept.") : null,
        make("h3", {}, "Headers"), facts(told.headers, "facts mono"),
        make("h3", {}, "Body, redacted", copyButton(written(told.body), "body")), make("pre", { tabindex: "0" }, written(told.body)),
      );
    } catch (error) {
      refill(box, button, make("p", { class: "trouble", role: "alert" }, error.message));
      button.disabled = false;
    }
  }
  box.append(button);
  return make("section", { class: "card" }, make("h2", {}, "What it said"), make("p", { class: "hint" }, "Harmless fields only; of all others, their size. Each look is recorded."), box);
}

function comparison(found, others) {
  if (!others.length) return null;
  const box = make("div", { "aria-live": "polite" });
  const choice = make("select", { id: "compare-with" }, others.map((one) => make("option", { value: one.id }, `${one.event}, ${exact(new Date(one.receivedAt))}`)));
  async function compare() {
    try {
      const [older, newer] = await Promise.all([contentOf(choice.value), contentOf(found.id)]);
      refill(box, differences(older.body, newer.body));
    } catch (error) {
      refill(box, make("p", { class: "trouble", role: "alert" }, error.message));
    }
  }
  const button = make("button", { class: "quiet", type: "button", on: { click: compare } }, "Compare");
  return make(
    "section",
    { class: "card" },
    make("h2", {}, "Told before and after"),
    make("p", { class: "hint" }, `Other notices about ${found.externalId} at ${found.source}. Equal deliveries are not listed: they are counted as repeats.`),
    make("div", { class: "pick" }, make("label", { for: "compare-with" }, "Compare with"), choice, button),
    box,
  );
}

function runsOf(found) {
  if (!found.runs.length) return null;
  const rows = found.runs.map((run) =>
    make("li", {}, chip(run.outcome || "queued", run.outcome ? undefined : "wait"), " ", ago(run.askedAt), ` by ${run.actor}: `, make("q", {}, run.reason), run.note && make("span", { class: "soft" }, ` ${run.note}`)),
  );
  return make("section", { class: "card" }, make("h2", {}, "Replays"), make("ul", { class: "plain" }, rows));
}

async function siblings(found) {
  if (!found.externalId) return [];
  const told = await ask("/admin/webhook-logs", { source: found.source, externalId: found.externalId, limit: 50 });
  return told.data.filter((one) => one.id !== found.id);
}

function told(found, again) {
  const replay = make("button", { type: "button", disabled: !mayAct(), data: { mark: "replay" }, on: { click: () => replayOne(found, again) } }, "Replay…");
  return [
    make("header", { class: "head" }, make("p", { class: "crumb" }, make("a", { href: "/console/webhook-logs" }, "Webhooks")),
      make("h1", { tabindex: "-1" }, `${found.source}: ${found.event}`), make("p", { class: "chips" }, chip(found.verdict), chip(found.outcome), found.repeats > 0 && chip(`${found.repeats} repeats`, "calm")),
      make("div", { class: "buttons" }, replay)),
    make("section", { class: "card" }, facts({
      Order: found.orderId && orderLink(found.orderId), "Provider’s id": found.externalId, "Proven by": plain(found.proof),
      Received: ago(found.receivedAt), "Last seen": ago(found.seenAt), "Told on": found.toldAt && ago(found.toldAt),
      Took: found.tookMs !== null ? `${found.tookMs.toFixed(1)} ms` : null, Bytes: found.size.toLocaleString(), From: found.address,
      Digest: make("code", { title: found.digest }, short(found.digest).slice(0, 16)), Expunged: found.expungedAt && ago(found.expungedAt),
    })),
    runsOf(found),
  ];
}

export async function notice({ params }) {
  const found = await ask(`/admin/webhook-logs/${params.id}`);
  const others = await siblings(found);
  const upper = make("div");
  const again = async () => refill(upper, ...told(await ask(`/admin/webhook-logs/${params.id}`), again));
  refill(upper, ...told(found, again));
  return {
    title: `${found.source}: ${found.event}`,
    nodes: [upper, comparison(found, others), saidBy(found.id)],
    again: () => again().catch(() => {}),
    hears: (event) => event.order === found.orderId || event.type === "admin:job-completed",
  };
}

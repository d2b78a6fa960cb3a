// Dead jobs: what an actor gave up on, where it died, and sending it again.

import { ask } from "/assets/admin/house.js";
import { list } from "/assets/admin/list.js";
import { make, refill } from "/assets/admin/make.js";
import { press } from "/assets/admin/press.js";
import { retryMany } from "/assets/admin/replay.js";
import { mayAct } from "/assets/admin/session.js";
import { opens } from "/assets/admin/table.js";
import { ago } from "/assets/admin/times.js";
import { chip, copyButton, facts, idText, orderLink } from "/assets/admin/words.js";

const hears = (event) => event.type.startsWith("admin:job");

function above(question, told, again) {
  const { state, retriedBy, sort, page, cursor, ...filter } = question;
  if (!told.total || state === "retried") return [];
  const button = make("button", { class: "quiet", type: "button", disabled: !mayAct(), data: { mark: "retry-many" }, on: { click: () => retryMany(filter, again) } }, "Send all of these again…");
  return [make("div", { class: "tools" }, button)];
}

export const jobs = list({
  title: "Dead jobs",
  about: "What an actor gave up on after all its tries. Sweep goes on with most orders by itself: “gone on” says so.",
  path: "/admin/jobs",
  above,
  filters: [
    { name: "state", label: "State", options: ["dead", "retried"] },
    { name: "actor", label: "Actor", options: ["reserve", "finalize", "encrypt_store", "notify", "check_payment", "replay", "write_letter"] },
    { name: "text", label: "Error", hint: "Part of its text", wide: true },
    { name: "since", label: "Died", kind: "period" },
    { name: "orderId", label: "Order", hint: "Order id", wide: true, more: true },
    { name: "errorClass", label: "Class of error", more: true },
    { name: "until", label: "Died before", kind: "moment", more: true },
  ],
  columns: [
    { head: "Job", cell: (row) => opens(`/console/jobs/${row.id}`, row.actor) },
    { head: "State", cell: (row) => [chip(row.state), row.goneOn && chip("gone on", "good")] },
    { head: "Order", cell: (row) => (row.orderId ? orderLink(row.orderId) : "–") },
    { head: "Died of", wide: true, cell: (row) => [make("code", {}, row.errorClass), make("span", { class: "soft clip" }, ` ${row.error}`)] },
    { head: "Tries", num: true, cell: (row) => String(row.attempts) },
    { head: "Died", cell: (row) => ago(row.failedAt) },
  ],
  key: (row) => row.id,
  address: (row) => `/console/jobs/${row.id}`,
  exports: true,
  empty: "No job has died. Nothing to do here.",
  hears,
});

function retry(job, again) {
  press({
    title: `Send ${job.actor} again`,
    says: "The actor runs once more for the same thing. Where it may not, the answer says why and nothing has changed.",
    label: "Send again",
    path: `/admin/jobs/${job.id}/retry`,
    done: () => `${job.actor} was sent again.`,
    after: again,
  });
}

export async function oneJob({ params }) {
  const body = make("div");
  async function look() {
    const job = await ask(`/admin/jobs/${params.id}`);
    const button = make("button", { type: "button", disabled: !mayAct() || job.state !== "dead", data: { mark: "retry" }, on: { click: () => retry(job, look) } }, "Send again");
    refill(
      body,
      make("header", { class: "head" }, make("p", { class: "crumb" }, make("a", { href: "/console/jobs" }, "Dead jobs")),
        make("h1", { tabindex: "-1" }, job.actor), make("p", { class: "chips" }, chip(job.state), job.goneOn && chip("gone on", "good")),
        make("div", { class: "buttons" }, button)),
      job.goneOn && make("p", { class: "hint" }, "Its order has moved on since, or its letter has gone: nothing is left to do."),
      make("section", { class: "card" }, facts({
        Order: job.orderId && orderLink(job.orderId), "Order is": job.orderState && chip(job.orderState),
        About: idText(job.subjectId), Tries: job.attempts, Deaths: job.deaths, Died: ago(job.failedAt),
        "Sent again": job.retriedAt && ago(job.retriedAt), By: job.retriedBy, Reason: job.retryReason,
      })),
      make("section", { class: "card" }, make("h2", {}, job.errorClass), make("p", {}, job.error),
        make("h3", {}, "Where it came through", copyButton(job.traceback, "traceback")), make("pre", { tabindex: "0" }, job.traceback || "Nothing was kept.")),
    );
    return job;
  }
  const job = await look();
  return { title: `Dead job: ${job.actor}`, nodes: [body], again: () => look().catch(() => {}), hears };
}

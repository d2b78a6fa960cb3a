// The key audit: who looked at keys, or asked for them, and everything else that was recorded of persons.

import { list } from "/assets/admin/list.js";
import { make } from "/assets/admin/make.js";
import { ago } from "/assets/admin/times.js";
import { chip, facts, named, orderLink, titled } from "/assets/admin/words.js";

const ACTIONS = ["sign_in", "reveal", "download_link", "admin_view", "revoke", "resolve", "replay", "replay_many", "job_retry", "letter_again", "notice_look", "export"];

const details = (row) => {
  const told = Object.keys(row.details || {}).length;
  return told ? make("details", { data: { mark: `details-${row.id}` } }, make("summary", {}, "Details"), facts(named(row.details), "told-facts")) : null;
};

export const audit = list({
  title: "Key audit",
  about: "Who looked at what, or asked for it; of refusals that repeat themselves one record tells how many. Each record is a link in a chain: `bitloot verify-audit` finds the first that was changed, removed, moved or added. What came after the last anchor is the part that could be cut off unseen.",
  path: "/admin/key-audit",
  filters: [
    { name: "action", label: "Action", options: ACTIONS },
    { name: "outcome", label: "Outcome", options: ["granted", "refused"] },
    { name: "since", label: "When", kind: "period" },
    { name: "orderId", label: "Order", hint: "Order id", wide: true },
    { name: "actor", label: "Who", hint: "buyer, admin:…", more: true },
    { name: "address", label: "Address", hint: "IP address", more: true },
    { name: "until", label: "Before", kind: "moment", more: true },
  ],
  exports: "owner",
  columns: [
    { head: "Link", num: true, cell: (row) => (row.seq === null ? "–" : `#${row.seq}`) },
    { head: "Action", cell: (row) => make("strong", {}, titled(row.action)) },
    { head: "Outcome", cell: (row) => chip(row.outcome) },
    { head: "Who", cell: (row) => row.actor },
    { head: "Order", cell: (row) => (row.orderId ? orderLink(row.orderId) : "–") },
    { head: "From", cell: (row) => make("code", { title: row.userAgent }, row.address || "–") },
    { head: "Details", cell: details },
    { head: "When", cell: (row) => ago(row.at) },
  ],
  key: (row) => String(row.id),
  empty: "Nobody has looked at anything yet.",
  hears: () => true,
});

// Purchases at suppliers; the supplier's reference is the reservation id of older texts.

import { ask } from "/assets/admin/house.js";
import { list } from "/assets/admin/list.js";
import { make, refill } from "/assets/admin/make.js";
import { opens, table } from "/assets/admin/table.js";
import { ago } from "/assets/admin/times.js";
import { chip, copyButton, facts, money, orderLink, plain, short } from "/assets/admin/words.js";

const STATES = "intent sending placed ambiguous committing waiting partial stored blocked failed manual".split(" ");
const hears = (event) => event.type.startsWith("fulfillment:");

export const reservations = list({
  title: "Reservations",
  about: "Each attempt to buy a line at a supplier. A key is bought at most once: doubt is settled by asking.",
  path: "/admin/reservations",
  filters: [
    { name: "state", label: "State", options: STATES },
    { name: "supplier", label: "Supplier", options: ["kinguin", "reservations", "pool"] },
    { name: "since", label: "Begun", kind: "period" },
    { name: "reference", label: "Reference", hint: "The supplier's or ours", wide: true },
    { name: "orderId", label: "Order", hint: "Order id", wide: true, more: true },
    { name: "until", label: "Begun before", kind: "moment", more: true },
  ],
  columns: [
    { head: "Product", wide: true, cell: (row) => opens(`/console/reservations/${row.id}`, `${row.quantity} × ${row.name}`) },
    { head: "State", cell: (row) => chip(row.state) },
    { head: "Order", cell: (row) => orderLink(row.orderId) },
    { head: "Supplier", cell: (row) => row.supplier },
    { head: "Reference", cell: (row) => make("code", { title: `${row.supplierRef || "none yet"} · ours: ${row.purchaseRef}` }, short(row.supplierRef || row.purchaseRef)) },
    { head: "Keys", num: true, cell: (row) => `${row.keysStored} of ${row.keysExpected}` },
    { head: "At most", num: true, cell: (row) => money(row.maxPrice, row.currency) },
    { head: "Moved", cell: (row) => ago(row.movedAt) },
  ],
  key: (row) => row.id,
  address: (row) => `/console/reservations/${row.id}`,
  exports: true,
  empty: "Nothing was bought yet.",
  hears,
});

const PROBLEMS = {
  not_placed: "Nothing was placed there, so there is nothing to ask about.",
  supplier_off: "This supplier is not set up any more.",
  too_slow: "The supplier did not answer in time.",
  being_asked: "The supplier is being asked; look again in a moment.",
};

function said(live) {
  const problem = live.problem && make("p", { class: "trouble" }, PROBLEMS[live.problem] || `The supplier could not be asked: ${plain(live.problem)}.`);
  const keys = live.keysExpected === null ? null : `${live.keysReady ?? 0} of ${live.keysExpected}`;
  return [problem, live.status && facts({ Status: chip(live.status), "Keys ready": keys, Said: live.asOf && ago(live.asOf) })];
}

// What the supplier says right now; asked on a press, for it costs a call.
function live(id) {
  const box = make("div", { "aria-live": "polite" });
  const button = make("button", { class: "quiet", type: "button" }, "Ask the supplier now");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      refill(box, ...said((await ask(`/admin/reservations/${id}`, { live: true })).live));
    } catch (error) {
      refill(box, make("p", { class: "trouble", role: "alert" }, error.message));
    }
    button.disabled = false;
  });
  return make("section", { class: "card" }, make("h2", {}, "At the supplier"), make("div", { class: "buttons" }, button), box);
}

const STEPS = {
  caption: "What became of it",
  columns: [
    { head: "Step", cell: (row) => (row.src ? [chip(row.src), " → ", chip(row.dst)] : chip(row.dst)) },
    { head: "Attempt", num: true, cell: (row) => String(row.attempt) },
    { head: "Note", wide: true, cell: (row) => row.says || "–" },
    { head: "When", cell: (row) => ago(row.at) },
  ],
  key: (row) => `${row.at}-${row.dst}`,
};

export async function reservation({ params }) {
  const body = make("div");
  async function look() {
    const found = await ask(`/admin/reservations/${params.id}`);
    refill(
      body,
      make("header", { class: "head" }, make("p", { class: "crumb" }, make("a", { href: "/console/reservations" }, "Reservations")),
        make("h1", { tabindex: "-1" }, `${found.quantity} × ${found.name}`), make("p", { class: "chips" }, chip(found.state), copyButton(found.supplierRef || found.purchaseRef, "reference"))),
      make("section", { class: "card" }, facts({
        Order: orderLink(found.orderId), Supplier: found.supplier, "Supplier’s reference": found.supplierRef, "Our reference": found.purchaseRef, "Product there": found.productRef,
        "Supplier said": found.supplierStatus, Keys: `${found.keysStored} of ${found.keysExpected}`, "At most": money(found.maxPrice, found.currency), Attempt: found.attempt,
        Generation: found.generation, Trouble: found.why, Begun: ago(found.createdAt), Moved: ago(found.movedAt),
      })),
      make("section", { class: "part" }, make("h2", {}, "What became of it"), make("div", { class: "card flush" }, table({ ...STEPS, rows: found.steps }))),
    );
    return found;
  }
  const found = await look();
  return { title: `${found.quantity} × ${found.name}`, nodes: [body, live(params.id)], again: () => look().catch(() => {}), hears: (event) => event.order === found.orderId };
}

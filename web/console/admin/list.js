// A list of the shop: filters, a table, pages, an export; asked again when the news concern it.

import { addressOf, asked, filterForm } from "/assets/admin/filters.js";
import { ask, queryOf } from "/assets/admin/house.js";
import { make, refill } from "/assets/admin/make.js";
import { who } from "/assets/admin/session.js";
import { table } from "/assets/admin/table.js";
import { prose } from "/assets/admin/words.js";

const LIMIT = 25;

function counted(query, told) {
  const all = `${told.total.toLocaleString()}${told.totalIsLowerBound ? " or more" : ""}`;
  if (!told.total) return "None";
  if (query.cursor) return `${told.data.length} of ${all}, further on`;
  const from = (told.page - 1) * told.limit + 1;
  return `${from}–${from + told.data.length - 1} of ${all}`;
}

// Numbered pages reach as far as was counted; beyond it a cursor leads on.
function pages(query, told) {
  const { page } = told;
  const turn = (to, label, rel) => make("a", { class: "button quiet", href: addressOf({ ...query, page: "", cursor: "", ...to }), rel, data: { mark: `page-${rel}` } }, label);
  const further = !query.cursor && page * told.limit < told.total ? { page: page + 1 } : told.nextCursor && { cursor: told.nextCursor };
  return make(
    "nav",
    { class: "pages", "aria-label": "Pages" },
    make("span", { class: "soft" }, counted(query, told)),
    query.cursor ? turn({}, "← First page", "prev") : page > 1 && turn(page > 2 ? { page: page - 1 } : {}, "← Back", "prev"),
    told.hasNextPage && further && turn(further, "Further →", "next"),
  );
}

// The head of a column by which the list can be sorted: pressed again, it turns round.
function sorted(query, usual) {
  return (word, head, sort = usual) => {
    const next = sort === `-${word}` ? word : `-${word}`;
    const arrow = sort === word ? " ↑" : sort === `-${word}` ? " ↓" : "";
    return make("a", { href: addressOf({ ...query, page: "", cursor: "", sort: next === usual ? "" : next }), data: { mark: `sort-${word}` } }, head, make("span", { "aria-hidden": "true" }, arrow));
  };
}

const mayExport = (spec) => spec.exports === true || (spec.exports && spec.exports === who()?.role);

function exports(path, question) {
  const link = (format) =>
    make("a", { class: "button quiet", href: `${path}/export${queryOf({ ...question, format })}`, download: "" }, format.toUpperCase());
  return make("span", { class: "exports" }, make("span", { class: "soft" }, "Export"), link("csv"), link("jsonl"));
}

// spec: {title, about, path, filters, columns, key, address, empty, hears, exports? (true, or the role that may), usual? (its sort), above?(question, told, look) -> nodes}
export function list(spec) {
  return async ({ query }) => {
    const result = make("section", { class: "result", "aria-label": spec.title });
    const question = asked(spec.filters, query);
    let known = null;

    async function look() {
      const told = await ask(spec.path, { limit: LIMIT, ...question });
      const keys = told.data.map(spec.key);
      const fresh = new Set(known ? keys.filter((key) => !known.has(key)) : []);
      known = new Set(keys);
      const filtered = spec.filters.some((one) => query[one.name]);
      const nothing = make("div", { class: "empty" }, make("p", {}, filtered ? "Nothing fits these filters." : prose(spec.empty)));
      const rows = { ...spec, caption: spec.title, rows: told.data, fresh, sort: query.sort || spec.usual, sorted: sorted(query, spec.usual) };
      refill(
        result,
        ...(spec.above?.(question, told, look) || []),
        told.data.length ? make("div", { class: "card flush" }, table(rows)) : nothing,
        make("div", { class: "below" }, pages(query, told), mayExport(spec) && told.total > 0 && exports(spec.path, { ...question, page: "", cursor: "" })),
      );
    }

    await look();
    const head = make("header", { class: "head" }, make("h1", { tabindex: "-1" }, spec.title), make("p", { class: "soft" }, prose(spec.about)));
    return {
      title: spec.title,
      nodes: [head, filterForm(spec.filters, query), result],
      hears: spec.hears,
      again: () => look().catch(() => {}),
    };
  };
}

// The filters of a list: a form that is the address, and the address that is the form.

import { make } from "/assets/admin/make.js";
import { go, here } from "/assets/admin/routes.js";
import { momentOf } from "/assets/admin/times.js";

const PERIODS = [
  ["", "Any time"],
  ["1h", "Last hour"],
  ["24h", "Last 24 hours"],
  ["7d", "Last 7 days"],
  ["30d", "Last 30 days"],
];

function option(value, label, chosen) {
  return make("option", { value, selected: value === chosen }, label);
}

function choice(filter, value) {
  const options = filter.options.map((one) => (Array.isArray(one) ? one : [one, one.replaceAll("_", " ")]));
  const known = options.some(([given]) => given === value);
  return make(
    "select",
    { id: `filter-${filter.name}`, name: filter.name },
    filter.any === false ? [] : option("", filter.any || "Any", value),
    options.map(([given, label]) => option(given, label, value)),
    value && !known && option(value, value, value),
  );
}

function period(filter, value) {
  return choice({ ...filter, options: PERIODS.slice(1), any: PERIODS[0][1] }, value);
}

function moment(filter, value) {
  const local = value ? new Date(new Date(value).getTime() - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 16) : "";
  return make("input", { id: `filter-${filter.name}`, name: filter.name, type: "datetime-local", value: local });
}

function typed(filter, value) {
  return make("input", {
    id: `filter-${filter.name}`, name: filter.name, type: "text", value, maxlength: "200",
    spellcheck: "false", autocomplete: "off", placeholder: filter.hint || null, class: filter.wide ? "long" : null,
  });
}

const KINDS = { choice, period, moment, typed };

function field(filter, value) {
  const input = KINDS[filter.kind || (filter.options ? "choice" : "typed")](filter, value);
  return make("div", { class: "field" }, make("label", { for: input.id }, filter.label), input);
}

// What the form says, in the words of the address.
function read(form, filters) {
  const said = new FormData(form);
  const query = {};
  for (const filter of filters) {
    const value = String(said.get(filter.name) || "").trim();
    if (value) query[filter.name] = filter.kind === "moment" ? new Date(value).toISOString() : value;
  }
  return query;
}

// What the shop is asked, for what the address says. Names that no filter has are left to the shop to refuse.
export function asked(filters, query) {
  const times = new Set(filters.filter((one) => one.kind === "period" || one.kind === "moment").map((one) => one.name));
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, times.has(name) ? momentOf(value) : value]));
}

export const addressOf = (query, path = here().path) => {
  const said = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString();
  return said ? `${path}?${said}` : path;
};

export function filterForm(filters, query) {
  const shown = filters.filter((one) => !one.more).map((one) => field(one, query[one.name] || ""));
  const more = filters.filter((one) => one.more);
  const folded = more.length > 0 && make(
    "details",
    { class: "more", data: { mark: "more-filters" }, open: more.some((one) => query[one.name]) },
    make("summary", {}, "More filters"),
    make("div", { class: "fields" }, more.map((one) => field(one, query[one.name] || ""))),
  );
  const set = filters.some((one) => query[one.name]);
  const form = make(
    "form",
    { class: "filters", "aria-label": "Filters" },
    make("div", { class: "fields" }, shown, make("button", { class: "quiet" }, "Apply"), set && make("a", { class: "clear", href: here().path }, "Clear")),
    folded,
  );
  const apply = (event) => {
    event?.preventDefault();
    const sort = query.sort ? { sort: query.sort } : {};
    const address = addressOf({ ...read(form, filters), ...sort });
    if (address !== addressOf({ ...query, page: "" })) go(address, { focus: false });
  };
  form.addEventListener("submit", apply);
  form.addEventListener("change", (event) => event.target.tagName === "SELECT" && apply());
  return form;
}

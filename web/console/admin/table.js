// Tables that read as tables to everyone: on a phone each row becomes a card, and says the names of its cells.

import { make } from "/assets/admin/make.js";

// columns: {head, cell(row) -> node or text, num?, sort? (the shop's word), wide?}; `key` and `address` of a row.
export function table({ caption, columns, rows, key, address, sort, sorted, fresh }) {
  const heads = columns.map((column) => {
    const inside = column.sort && sorted ? sorted(column.sort, column.head, sort) : column.head;
    const direction = column.sort && sort === column.sort ? "ascending" : column.sort && sort === `-${column.sort}` ? "descending" : null;
    return make("th", { scope: "col", role: "columnheader", class: column.num ? "num" : null, "aria-sort": direction }, inside);
  });
  const body = rows.map((row) => {
    const cells = columns.map((column) => {
      const cell = column.cell(row);
      const names = [column.num && "num", column.wide && "wide"].filter(Boolean).join(" ");
      return make("td", { role: "cell", class: names || null, data: { head: column.head } }, make("div", {}, cell ?? "–"));
    });
    const line = make("tr", { role: "row", class: fresh?.has(key(row)) ? "fresh" : null, data: { row: key(row) } }, cells);
    if (address) {
      line.classList.add("pressable");
      line.addEventListener("click", (event) => {
        if (event.target.closest("a, button, input, select, details") || String(getSelection())) return;
        line.querySelector("a[data-open]")?.click();
      });
    }
    return line;
  });
  return make(
    "table",
    { role: "table" },
    make("caption", { class: "unseen" }, caption),
    make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, heads)),
    make("tbody", { role: "rowgroup" }, body),
  );
}

// The link that opens a row.
export const opens = (address, ...inside) => make("a", { href: address, data: { open: "1" } }, ...inside);

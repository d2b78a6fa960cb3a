// Products: what is sold, for how much, and where it is bought.

import { list } from "/assets/admin/list.js";
import { make } from "/assets/admin/make.js";
import { ago } from "/assets/admin/times.js";
import { chip, money } from "/assets/admin/words.js";

export const products = list({
  title: "Products",
  about: "What is sold, for how much, and the most that its supplier may ask.",
  path: "/admin/products",
  filters: [
    { name: "q", label: "Name or number", hint: "Part of the name, or a sku", wide: true },
    { name: "supplier", label: "Supplier", options: ["kinguin", "reservations", "pool"] },
    { name: "active", label: "Sold", options: [["true", "now"], ["false", "no longer"]] },
  ],
  exports: true,
  columns: [
    { head: "Product", wide: true, cell: (row) => make("strong", {}, row.name) },
    { head: "Sku", cell: (row) => make("code", {}, row.sku) },
    { head: "Sold", cell: (row) => chip(row.active ? "now" : "no longer", row.active ? "good" : "calm") },
    { head: "Price", num: true, cell: (row) => money(row.price, row.currency) },
    { head: "At most", num: true, cell: (row) => money(row.maxCost, row.costCurrency) },
    { head: "Supplier", cell: (row) => row.supplier },
    { head: "There", cell: (row) => make("code", {}, row.supplierRef) },
    { head: "Since", cell: (row) => ago(row.createdAt) },
  ],
  key: (row) => row.id,
  empty: "Nothing is sold yet. `bitloot catalog` brings products in.",
});

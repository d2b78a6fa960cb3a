// Acting: a dialog that says what will happen, asks for a reason, presses once, and explains a refusal.

import { act } from "/assets/admin/house.js";
import { make } from "/assets/admin/make.js";
import { tell } from "/assets/admin/told.js";

let count = 0;

const fresh = () => `console-${crypto.randomUUID()}`;

function input(field, id) {
  const given = { id, name: field.name, required: field.required, value: field.value || null, "aria-describedby": field.hint ? `${id}-hint` : null };
  if (field.options) {
    return make("select", given, field.options.map(([value, label]) => make("option", { value, selected: value === field.value }, label)));
  }
  if (field.kind === "check") return make("input", { ...given, type: "checkbox", value: null });
  if (field.kind === "reason") return make("textarea", { ...given, rows: "3", minlength: "3", maxlength: "500", value: null });
  return make("input", { ...given, type: "text", maxlength: "200", spellcheck: "false", autocomplete: "off" });
}

function row(field) {
  const id = `press-${++count}`;
  const made = input(field, id);
  const label = make("label", { for: id }, field.label, !field.required && field.kind !== "check" && make("span", { class: "soft" }, " (optional)"));
  const hint = field.hint && make("p", { class: "hint", id: `${id}-hint` }, field.hint);
  return make("div", { class: field.kind === "check" ? "field check" : "field" }, field.kind === "check" ? [made, label] : [label, made], hint);
}

const REASON = {
  name: "reason", label: "Reason", kind: "reason", required: true,
  hint: "Kept in the record, with your name. At least three characters.",
};

function values(form, fields) {
  const said = new FormData(form);
  const told = {};
  for (const field of fields) {
    const value = String(said.get(field.name) || "").trim();
    if (field.kind !== "check" && value) told[field.name] = value;
  }
  return told;
}

// Opens a dialog over the page. `parts`: {title, says, label, danger, nodes}. Closes on Escape, and gives the focus back.
export function dialog({ title, says, nodes = [] }) {
  const before = document.activeElement;
  const id = `dialog-${++count}`;
  const box = make("dialog", { "aria-labelledby": id }, make("h2", { id }, title), says && make("p", {}, says), nodes);
  box.addEventListener("close", () => {
    box.remove();
    const again = before?.isConnected ? before : document.querySelector("main h1");
    again?.focus?.({ preventScroll: true });
  });
  document.body.append(box);
  box.showModal();
  return box;
}

// wish: {title, says, label, danger, fields, path, body(values) -> JSON, done(answer) -> sentence, after(answer)}
export function press(wish) {
  const fields = [...(wish.fields || []), REASON];
  const told = make("p", { class: "trouble", role: "alert", hidden: true });
  const button = make("button", { class: wish.danger ? "danger" : null }, wish.label);
  const quit = make("button", { class: "quiet", type: "button" }, "Cancel");
  const form = make("form", {}, fields.map(row), told, make("div", { class: "buttons" }, button, quit));
  const box = dialog({ title: wish.title, says: wish.says, nodes: form });
  let key = fresh();

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    told.hidden = true;
    try {
      const said = values(form, fields);
      const answer = await act(wish.path, wish.body ? wish.body(said) : said, { key });
      box.close();
      tell(wish.done(answer));
      await wish.after?.(answer);
    } catch (error) {
      if (!box.open) return tell(error.message, "bad");
      if (error.status) key = fresh(); // an answer came: the next press is another wish; without one it is the same
      told.textContent = error.message;
      told.hidden = false;
    } finally {
      button.disabled = false;
    }
  });
  quit.addEventListener("click", () => box.close());
  form.querySelector("select, input, textarea")?.focus();
  return box;
}

// The door: shown in place of every view to whoever has no session.

import { at, make, refill } from "/assets/admin/make.js";
import { enter } from "/assets/admin/session.js";

export function door(entered) {
  const told = make("p", { class: "trouble", role: "alert", hidden: true });
  const token = make("input", { id: "token", type: "password", required: true, autocomplete: "off", spellcheck: "false" });
  const form = make(
    "form",
    { class: "card door" },
    make("h1", { tabindex: "-1" }, "Sign in"),
    make("label", { for: "token" }, "Token"),
    token,
    told,
    make("button", {}, "Sign in"),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    told.hidden = true;
    try {
      await enter(token.value.trim());
    } catch (error) {
      told.textContent = error.message;
      told.hidden = false;
      token.focus();
      return;
    }
    entered();
  });
  document.title = "Sign in · BitLoot";
  document.body.dataset.signed = "out";
  refill(at("main"), form);
  token.focus();
}

// The door: shown in place of every view to whoever has no session.

import { at, make, refill } from "/assets/admin/make.js";
import { askForLink, enter, redeem } from "/assets/admin/session.js";

function field(id, label, given) {
  const input = make("input", { id, name: id, ...given });
  return [make("div", { class: "field", data: { field: id } }, make("label", { for: id }, label), input), input];
}

const codeField = () =>
  field("totp", "One-time code", { type: "text", inputmode: "numeric", autocomplete: "one-time-code", maxlength: "12", spellcheck: "false" });

// A form whose submit is `enters(code)`; a one-time code is asked for once the shop wants one.
function doorForm(parts, enters, entered, more = []) {
  const told = make("p", { class: "trouble", role: "alert", hidden: true });
  const [codeRow, code] = codeField();
  codeRow.hidden = true;
  const button = make("button", {}, "Sign in");
  const form = make("form", { class: "card door" }, make("h1", { tabindex: "-1" }, "Sign in"), parts, codeRow, told, button, more);
  const say = (sentence) => {
    told.textContent = sentence;
    told.hidden = !sentence;
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    say("");
    try {
      await enters(code.value.replace(/\s/g, ""));
    } catch (error) {
      const wants = error.code === "totp_needed" || error.code === "bad_totp";
      if (wants) codeRow.hidden = false;
      code.required = !codeRow.hidden;
      say(error.code === "totp_needed" ? "This account asks for a one-time code as well." : error.message);
      button.disabled = false;
      (wants ? code : form.querySelector("input"))?.focus();
      return;
    }
    await entered();
  });
  return { form, say };
}

function byPassword(entered) {
  const [emailRow, email] = field("email", "Mail address", { type: "email", required: true, autocomplete: "username", maxlength: "254" });
  const [passwordRow, password] = field("password", "Password", { type: "password", required: true, autocomplete: "current-password", maxlength: "256" });
  const mail = make("button", { class: "quiet", type: "button" }, "Mail me a link instead");
  const sent = make("p", { class: "hint", role: "status" });
  const made = doorForm([emailRow, passwordRow], (code) => enter(email.value.trim(), password.value, code), entered, [mail, sent]);
  mail.addEventListener("click", async () => {
    if (!email.reportValidity()) return;
    made.say("");
    try {
      await askForLink(email.value.trim());
      sent.textContent = "If this address belongs to an account, a link is on its way. It is good once, and for a few minutes.";
    } catch (error) {
      made.say(error.message);
    }
  });
  return made;
}

// `token`: of a mailed link. It is spent by a press, so that no scanner of mails signs in.
export function door(entered, { token = "", why = "" } = {}) {
  for (const left of document.querySelectorAll("dialog")) left.remove();
  const said = make("p", {}, "You came by the link in your letter.");
  const made = token ? doorForm([said], (code) => redeem(token, code), entered, make("a", { class: "other", href: "/console", target: "_self" }, "Sign in another way")) : byPassword(entered);
  document.title = "Sign in · BitLoot";
  document.body.dataset.signed = "out";
  refill(at("main"), made.form);
  at("main").removeAttribute("aria-busy");
  made.say(why);
  made.form.querySelector("input:not([hidden]), button")?.focus();
}

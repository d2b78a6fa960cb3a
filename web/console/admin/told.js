// A sentence in the corner of the page, and for whoever listens: that something was done.

import { at, make } from "/assets/admin/make.js";

const STAYS = 8000; // ms

export function tell(sentence, tone = "good") {
  const note = make("p", { class: `note ${tone}` }, sentence);
  at("told").append(note);
  setTimeout(() => note.remove(), STAYS);
}

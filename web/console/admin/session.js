// Who is signed in, and how one gets in. The session is a cookie that no script reads.

import { act, ask, bear, Refusal } from "/assets/admin/house.js";

const KEPT = "bitloot:token"; // a bearer token (`bitloot token admin`) in place of a session, for this tab

let person = null; // {email, role, expiresAt}

export const who = () => person;
export const mayAct = () => ["owner", "operator"].includes(person?.role);

export function claimsOf(token) {
  try {
    return JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
  } catch {
    return {};
  }
}

// Whoever the shop takes us for; null for a stranger. Raises Refusal when the shop cannot say.
export async function recall() {
  const token = sessionStorage.getItem(KEPT) || "";
  bear(token);
  if (!token) return (person = null);
  try {
    await ask("/admin/cases", { limit: 1 });
    const { sub, role, exp } = claimsOf(token);
    person = { email: sub, role, expiresAt: new Date(exp * 1000).toISOString() };
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 401) throw error;
    person = null;
  }
  return person;
}

export async function enter(token) {
  sessionStorage.setItem(KEPT, token);
  if (!(await recall())) {
    sessionStorage.removeItem(KEPT);
    throw new Refusal(401, { detail: "This token gives no right here, or no longer." });
  }
  return person;
}

export async function leave() {
  sessionStorage.removeItem(KEPT);
  bear("");
  person = null;
}

export const relayToken = async () => sessionStorage.getItem(KEPT);

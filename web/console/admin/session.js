// Who is signed in, and how one gets in. The session is a cookie that no script reads.

import { act, ask, Refusal } from "/assets/admin/house.js";

const SESSION = "/admin/session";

let person = null; // {email, role, expiresAt}

export const who = () => person;
export const mayAct = () => ["owner", "operator"].includes(person?.role);

// Whoever the shop takes this browser for; null for a stranger. Raises Refusal when the shop cannot say.
export async function recall() {
  try {
    person = await ask(SESSION);
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 401) throw error;
    person = null;
  }
  return person;
}

// The token of a mailed link: it comes in the fragment of the address, which no server sees, and is gone from there at once.
export function mailedToken() {
  const found = /^#sign-in=([A-Za-z0-9_-]+)$/.exec(location.hash);
  if (found) history.replaceState(null, "", location.pathname + location.search);
  return found ? found[1] : "";
}

const withCode = (given, totp) => (totp ? { ...given, totp } : given);

export async function enter(email, password, totp) {
  person = await act(SESSION, withCode({ email, password }, totp));
}

export async function redeem(token, totp) {
  person = await act(`${SESSION}/redeem`, withCode({ token }, totp));
}

export const askForLink = (email) => act(`${SESSION}/mail-link`, { email });

export function forget() {
  person = null;
}

export async function leave() {
  forget();
  await act(SESSION, undefined, { method: "DELETE" });
}

// For the relay, which the cookie does not reach: a short token that follows only.
export const relayToken = async () => (await act(`${SESSION}/relay-token`)).token;

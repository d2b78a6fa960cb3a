// The right to one order: it comes in the fragment of the address, which browsers keep to themselves, or by a code from
// the buyer's mailbox; it stays in this tab and goes to our own API only.

export const orderId = location.pathname.split("/").pop();
const kept = `bitloot:${orderId}`;
let access = "";

export function takeToken() {
  const fragment = location.hash.slice(1).replace(/^t=/, "");
  if (fragment) {
    history.replaceState(null, "", location.pathname);
    sessionStorage.setItem(kept, fragment);
  }
  return sessionStorage.getItem(kept) || "";
}

export function forget() {
  access = "";
  sessionStorage.removeItem(kept);
}

function isForLetters(token) {
  try {
    const part = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    return JSON.parse(atob(part)).aud === "bitloot:link";
  } catch {
    return false;
  }
}

async function call(path, options = {}) {
  const headers = { ...(access && { Authorization: `Bearer ${access}` }), ...options.headers };
  const answer = await fetch(path, { ...options, headers, cache: "no-store", credentials: "omit" });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(body.code || "unreadable"), { status: answer.status, code: body.code });
  return body;
}

function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  return call(path, { method: "POST", headers, body: JSON.stringify(body) });
}

export async function begin(token) {
  access = isForLetters(token) ? "" : token;
  if (!access) access = (await post(`/fulfillment/${orderId}/session`, { linkToken: token })).accessToken;
  return access;
}

// Asks with the present session. Sessions are short, and the letter's link lasts longer: one that ended begins anew.
export async function ask(path, options) {
  try {
    return await call(path, options);
  } catch (error) {
    const token = takeToken();
    if (!["expired_token", "token_missing"].includes(error.code) || !isForLetters(token)) throw error;
    await begin(token);
    return call(path, options);
  }
}

// For the live stream: the token that is good now, or another one.
export async function token(fresh) {
  return fresh || !access ? begin(takeToken()) : access;
}

export const askForCode = (email) => post(`/fulfillment/${orderId}/code`, { email });

export async function enterCode(email, code) {
  access = (await post(`/fulfillment/${orderId}/guest-session`, { email, code })).accessToken;
  sessionStorage.setItem(kept, access);
}

// Asking the shop, and having it act. Every refusal becomes a Refusal that says itself in a sentence.

export class Refusal extends Error {
  constructor(status, told = {}) {
    super(sentence(status, told));
    this.status = status; // 0: no answer came
    this.code = told.code || "";
    this.told = told;
  }
}

const SENTENCES = {
  0: "The shop cannot be reached. What you see may be old; it is asked again by itself.",
  401: "Your session has ended. Please sign in again.",
  403: "Your role does not give you this right.",
  404: "There is nothing here, or nothing for you.",
  409: "That does not fit how things stand now.",
  422: "Something in this does not fit.",
  429: "That was often. Please wait a minute.",
  503: "The shop cannot answer right now. Please try again in some seconds.",
};

function sentence(status, told) {
  const listed = (told.errors || []).map((one) => `${one.at}: ${one.why}`).join("; ");
  const said = told.detail || SENTENCES[status] || `The shop could not do this (${status}).`;
  return listed ? `${said} ${listed}` : said;
}

async function call(path, options) {
  let answer;
  try {
    answer = await fetch(path, { cache: "no-store", credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0);
  }
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  if (answer.status === 401) document.dispatchEvent(new CustomEvent("session-ended"));
  throw new Refusal(answer.status, body);
}

// {name: value} as a query; what is empty is left out.
export function queryOf(asked = {}) {
  const given = Object.entries(asked).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const query = new URLSearchParams(given).toString();
  return query ? `?${query}` : "";
}

export const ask = (path, asked) => call(path + queryOf(asked));

// `key`: the same press sent twice (no answer came the first time) takes effect once.
export function act(path, body, { key, method = "POST" } = {}) {
  const headers = { "X-BitLoot": "console" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  return call(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
}

// A form for one operation of /openapi.json: sends what is typed there to this shop, and shows what it said.

import { element } from "/assets/make.js";

let token = "";

// The bearer token that is sent along, kept by this page only; without one a session's cookie speaks for itself.
export const bear = (text) => (token = text.trim());

let count = 0;

function field(form, label, hint, control) {
  control.id = `field-${(count += 1)}`;
  const about = element("label", "", label);
  about.htmlFor = control.id;
  if (hint) about.append(element("span", "soft", ` ${hint}`));
  form.append(about, control);
  return control;
}

function parameters(form, operation) {
  return (operation.parameters || []).map((parameter) => {
    const control = element("input");
    control.required = parameter.required;
    control.spellcheck = false;
    if (parameter.in === "path") control.placeholder = parameter.example || "";
    const kind = parameter.schema.format || parameter.schema.type || "";
    field(form, parameter.name, [parameter.in, kind, parameter.description].filter(Boolean).join(" · "), control);
    return { ...parameter, control };
  });
}

function bodyOf(form, operation) {
  const content = operation.requestBody && Object.entries(operation.requestBody.content)[0];
  if (!content) return null;
  const control = element("textarea");
  control.value = JSON.stringify(content[1].example ?? {}, null, 2);
  control.rows = Math.min(14, control.value.split("\n").length + 1);
  control.spellcheck = false;
  field(form, "Body", content[0], control);
  return { type: content[0], control };
}

function request(path, method, given, body) {
  const query = new URLSearchParams();
  const headers = { "X-BitLoot": "console" };
  if (token) headers.Authorization = `Bearer ${token}`;
  let target = path;
  for (const { name, in: place, control } of given) {
    const value = control.value.trim();
    if (place === "path") target = target.replace(`{${name}}`, encodeURIComponent(value));
    else if (value && place === "query") query.set(name, value);
    else if (value) headers[name] = value;
  }
  if (body) headers["Content-Type"] = body.type;
  const tail = query.size ? `?${query}` : "";
  return [target + tail, { method: method.toUpperCase(), headers, body: body?.control.value }];
}

function readable(text, type) {
  if (!/json/.test(type)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

async function send(target, init, told) {
  told.replaceChildren(element("p", "soft", `${init.method} ${target} …`));
  const began = performance.now();
  try {
    const answer = await fetch(target, init);
    const text = await answer.text();
    const line = `${answer.status} ${answer.statusText} · ${Math.round(performance.now() - began)} ms`;
    told.replaceChildren(element("p", answer.ok ? "good" : "bad", line));
    if (text) told.append(element("pre", "", readable(text, answer.headers.get("Content-Type") || "")));
  } catch (error) {
    told.replaceChildren(element("p", "bad", `The shop does not answer: ${error.message}`));
  }
}

export function tryIt(path, method, operation) {
  const form = element("form", "try");
  const given = parameters(form, operation);
  const body = bodyOf(form, operation);
  const press = element("button", "quiet", `Send ${method.toUpperCase()}`);
  const told = element("div", "told");
  told.setAttribute("role", "status");
  form.append(press, told);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    press.disabled = true;
    await send(...request(path, method, given, body), told);
    press.disabled = false;
  });
  return form;
}

// Renders /openapi.json as a list of operations to read and to try; references of schemas are followed.

import { element } from "/assets/make.js";
import { bear, tryIt } from "/assets/try.js";

const contract = await (await fetch("/openapi.json")).json();
const schemas = contract.components.schemas;

function outline(schema, depth = 0) {
  if (!schema) return "";
  if (schema.$ref) return depth > 6 ? "…" : outline(schemas[schema.$ref.split("/").pop()], depth);
  if (schema.allOf) return schema.allOf.map((one) => outline(one, depth)).join(" & ");
  if (schema.anyOf) return schema.anyOf.map((one) => outline(one, depth)).join(" | ");
  if (schema.type === "array") return `[${outline(schema.items, depth)}]`;
  if (schema.type === "object" && schema.properties) {
    const pad = "  ".repeat(depth + 1);
    const rows = Object.entries(schema.properties).map(([name, part]) => {
      const optional = (schema.required || []).includes(name) ? "" : "?";
      return `${pad}${name}${optional}: ${outline(part, depth + 1)}`;
    });
    return `{\n${rows.join("\n")}\n${"  ".repeat(depth)}}`;
  }
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  return schema.format ? `${schema.type} (${schema.format})` : schema.type || "any";
}

const schemaOf = (content) => Object.entries(content || {})[0];

function rights(operation) {
  const ways = operation.security.map((one) => Object.keys(one)[0]).join(" or ") || "no token";
  return operation["x-role"] && operation["x-role"] !== "read-only" ? `${ways}: ${operation["x-role"]}` : ways;
}

function answers(operation) {
  return Object.entries(operation.responses).flatMap(([status, answer]) => {
    const content = schemaOf(answer.content);
    if (content?.[0] === "application/problem+json") {
      return [element("p", "bad", `${status} ${answer.description}`)];
    }
    const head = element("p", "good", `${status}${content ? ` ${content[0]}` : ""}`);
    return content?.[1].schema ? [head, element("pre", "", outline(content[1].schema))] : [head];
  });
}

// What is inside is made when it is opened: a document of this size would cost every visit a second.
function show(path, method, operation) {
  const box = element("details", "operation");
  const head = element("summary");
  head.append(element("span", "method", method.toUpperCase()), element("code", "", path));
  head.append(element("span", "soft", `${operation.summary} · ${rights(operation)}`));
  box.append(head);
  box.dataset.words = `${method} ${path} ${operation.summary}`.toLowerCase();
  box.addEventListener("toggle", () => {
    if (!box.open || box.childElementCount > 1) return;
    const body = schemaOf(operation.requestBody?.content);
    box.append(element("h3", "", "Try it"), tryIt(path, method, operation), element("h3", "", "What it takes and says"));
    if (body) box.append(element("p", "soft", "Body"), element("pre", "", outline(body[1].schema)));
    box.append(...answers(operation));
  });
  return box;
}

const byTag = new Map();
for (const [path, methods] of Object.entries(contract.paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    const tag = operation.tags[0];
    byTag.set(tag, [...(byTag.get(tag) || []), show(path, method, operation)]);
  }
}
document.getElementById("title").textContent = `${contract.info.title} API ${contract.info.version}`;
document.getElementById("operations").append(
  ...[...byTag].flatMap(([tag, boxes]) => [element("h2", "tag", tag), ...boxes]),
);

const token = document.getElementById("token");
const find = document.getElementById("find");

function narrow() {
  const words = find.value.toLowerCase().split(/\s+/);
  for (const box of document.querySelectorAll(".operation")) {
    box.hidden = !words.every((word) => box.dataset.words.includes(word));
  }
}

token.addEventListener("input", () => bear(token.value));
find.addEventListener("input", narrow);
bear(token.value); // somebody may have typed before the document was here
narrow();

// Renders /openapi.json as a list; schemas are written out with their references followed.

const element = (tag, className, text) => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};

const contract = await (await fetch("/openapi.json")).json();
const schemas = contract.components.schemas;

function outline(schema, depth = 0) {
  if (!schema) return "";
  if (schema.$ref) return depth > 6 ? "…" : outline(schemas[schema.$ref.split("/").pop()], depth);
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
  return operation.security.map((one) => Object.keys(one)[0]).join(" or ") || "no token";
}

function show(path, method, operation) {
  const box = element("details", "operation");
  const head = element("summary");
  head.append(element("span", "method", method.toUpperCase()), element("code", "", path));
  head.append(element("span", "soft", `${operation.summary} · ${rights(operation)}`));
  box.append(head);
  for (const parameter of operation.parameters || []) {
    const about = [parameter.in, outline(parameter.schema), parameter.description].filter(Boolean).join(" · ");
    const row = element("p", "soft");
    row.append(element("code", "", parameter.name), ` ${about}`);
    box.append(row);
  }
  const body = schemaOf(operation.requestBody?.content);
  if (body) box.append(element("p", "", "Body"), element("pre", "", outline(body[1].schema)));
  for (const [status, answer] of Object.entries(operation.responses)) {
    const content = schemaOf(answer.content);
    const refused = content?.[0] === "application/problem+json";
    box.append(element("p", refused ? "bad" : "good", `${status}${content ? ` ${content[0]}` : ""}`));
    if (content && !refused && content[1].schema) box.append(element("pre", "", outline(content[1].schema)));
  }
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

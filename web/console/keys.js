// Keys on the screen: sealed until each is asked for, shown as text or as a picture, copied, printed, and gone when the
// page is left.

export const at = (id) => document.getElementById(id);

export function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// A row for each key that is there, in its order. Rows that stand there already stay as they are.
export function listKeys(lines, press) {
  const list = at("key-list");
  for (const line of lines) {
    for (let number = 1; number <= line.keysStored; number++) {
      const id = `key-${line.line}-${number}`;
      if (!at(id)) list.append(keyRow(id, line, number, press));
    }
  }
  const place = (row) => Number(row.dataset.line);
  const rows = [...list.children];
  const sorted = [...rows].sort((one, other) => place(one) - place(other));
  if (sorted.some((row, index) => row !== rows[index])) list.append(...sorted); // another line's came in between
}

export function mayPress(may) {
  for (const button of document.querySelectorAll("#key-list .show")) button.hidden = !may;
}

export const anyShown = () => document.querySelector("#key-list .content > *") !== null;

function keyRow(id, line, number, press) {
  const row = element("div", "key-row");
  row.id = id;
  row.dataset.line = line.line;
  const told = element("div");
  const which = line.quantity > 1 ? `${line.name}, key ${number} of ${line.quantity}` : line.name;
  told.append(element("div", "soft", which), element("div", "content"));
  const button = element("button", "quiet show", "Show");
  button.setAttribute("aria-label", `Show the key of ${which}`);
  button.addEventListener("click", () => press(button, line.line, number));
  row.append(told, button);
  return row;
}

// A row that was hidden meanwhile stands nowhere any more, and shows nothing.
export function showKey(row, key) {
  const shown = key.key !== null ? element("code", "key", key.key) : picture(key);
  row.querySelector(".content").replaceChildren(shown);
  row.querySelector(".show").hidden = true;
  if (key.key === null) return;
  const button = element("button", "quiet copy", "Copy");
  button.addEventListener("click", () => copy(button, key.key));
  row.append(button);
}

function picture(key) {
  const made = element("img");
  made.alt = `Key for ${key.name}`;
  made.src = `data:${key.mediaType};base64,${key.base64}`;
  return made;
}

export function hideKeys() {
  at("key-list").replaceChildren();
}

export async function copy(button, text) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Select it by hand";
  }
  setTimeout(() => (button.textContent = before), 2000);
}

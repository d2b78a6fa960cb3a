// Keys on the screen: shown as text or as a picture, copied, printed, and gone when the page is left.

export const at = (id) => document.getElementById(id);

export function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

export function showKeys(keys) {
  at("keys").hidden = false;
  at("key-list").replaceChildren(...keys.map(keyRow));
}

function keyRow(key) {
  const row = element("div", "key-row");
  const told = element("div");
  told.append(element("div", "soft", key.name));
  row.append(told);
  if (key.key !== null) {
    told.append(element("code", "key", key.key));
    const button = element("button", "quiet", "Copy");
    button.addEventListener("click", () => copy(button, key.key));
    row.append(button);
  } else {
    const picture = element("img");
    picture.alt = `Key for ${key.name}`;
    picture.src = `data:${key.mediaType};base64,${key.base64}`;
    told.append(picture);
  }
  return row;
}

export function hideKeys() {
  at("key-list").replaceChildren();
  at("keys").hidden = true;
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

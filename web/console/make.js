// An element with a class and a text; never markup, so that nothing that a shop says becomes part of a page.

export function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// Before the first paint: the colours that were chosen on this device; the system's unless another was.
(() => {
  try {
    const chosen = localStorage.getItem("bitloot:theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // no storage, no choice
  }
})();

// A part of the page was replaced by a newer one: scrolled tables, open folds and the focus stay as the reader left them.
// Boxes name themselves by data-keeps-place, folds by their id. htmx gives the focus back to what has an id; the heads of
// folds and the boxes have none.

const PARTS = "#tables details[id], #outlook-words details[id]"; // that are replaced
const places = new Map();
let focused = null; // a selector

function note() {
  for (const box of document.querySelectorAll("[data-keeps-place]")) {
    places.set(box.dataset.keepsPlace, [box.scrollLeft, box.scrollTop]);
  }
  for (const fold of document.querySelectorAll(PARTS)) places.set(fold.id, fold.open);
  const active = document.activeElement;
  if (active.matches("details[id] > summary")) focused = `#${CSS.escape(active.parentElement.id)} > summary`;
  else if (active.dataset.keepsPlace) focused = `[data-keeps-place="${CSS.escape(active.dataset.keepsPlace)}"]`;
  else if (active !== document.body) focused = null;
}

function restore() {
  for (const box of document.querySelectorAll("[data-keeps-place]")) {
    [box.scrollLeft, box.scrollTop] = places.get(box.dataset.keepsPlace) ?? [0, 0];
  }
  for (const fold of document.querySelectorAll(PARTS)) fold.open = places.get(fold.id) ?? false;
  if (focused && document.activeElement === document.body) {
    document.querySelector(focused)?.focus({ preventScroll: true });
  }
}

for (const name of ["htmx:beforeSwap", "htmx:oobBeforeSwap"]) document.body.addEventListener(name, note);
for (const name of ["htmx:afterSwap", "htmx:oobAfterSwap"]) document.body.addEventListener(name, restore);

// A part of the page was replaced by a newer one: scrolled tables and open folds stay as the reader left them.
// Boxes name themselves by data-keeps-place, folds by their id.

const places = new Map();

function note() {
  for (const box of document.querySelectorAll("[data-keeps-place]")) {
    places.set(box.dataset.keepsPlace, [box.scrollLeft, box.scrollTop]);
  }
  for (const fold of document.querySelectorAll("#tables details[id]")) places.set(fold.id, fold.open);
}

function restore() {
  for (const box of document.querySelectorAll("[data-keeps-place]")) {
    [box.scrollLeft, box.scrollTop] = places.get(box.dataset.keepsPlace) ?? [0, 0];
  }
  for (const fold of document.querySelectorAll("#tables details[id]")) fold.open = places.get(fold.id) ?? false;
}

for (const name of ["htmx:beforeSwap", "htmx:oobBeforeSwap"]) document.body.addEventListener(name, note);
for (const name of ["htmx:afterSwap", "htmx:oobAfterSwap"]) document.body.addEventListener(name, restore);

// What each key does. Keys of labels come first; those that the page needs for itself are not given to labels.

const BOUNCE = 60; // ms: two presses of the same key within it are one
const at = (id) => document.getElementById(id);

export function listenToKeys(sitting, view) {
  const { data } = sitting;
  const labelOfKey = new Map(data.labels.filter((label) => label.key).map((label) => [label.key, label.id]));
  const scrolls = { j: () => view.frame.scroll(1), k: () => view.frame.scroll(-1) };
  const acts = {
    ...scrolls,
    z: () => sitting.undo(),
    s: () => sitting.answer("skipped", []),
    u: () => sitting.answer("unsure", []),
    c: () => view.openComment(), // now, not with the toggle event: what is typed in between would answer texts
  };
  let pressed = "";

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select")) return inField(event);
    const act = action(event);
    if (!act) return;
    event.preventDefault();
    if (event.repeat && !Object.values(scrolls).includes(act)) return;
    // A bouncing key must not answer the next text. Another key is meant, however soon it comes.
    const bounced = event.key === pressed && performance.now() - sitting.shownAt < BOUNCE;
    pressed = event.key;
    if (!bounced) act();
  });

  function action(event) {
    const key = event.key.toLocaleLowerCase();
    if (event.key === "?") return () => at("keys").showModal();
    if (event.key === "/" && view.filter) return () => view.filter.focus();
    if (labelOfKey.has(key)) return () => sitting.choose(labelOfKey.get(key));
    if (acts[key]) return acts[key];
    const digit = digitOf(event);
    if (labelOfKey.has(digit)) return () => sitting.choose(labelOfKey.get(digit));
    if (data.multi && digit === "0") return () => sitting.answer("labelled", []);
    const confirms = event.key === "Enter" && !event.target.closest("button, summary, a");
    if (data.multi && confirms) return () => sitting.confirmTicked();
    return null;
  }

  function inField(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      if (event.target === view.filter) view.clearFilter();
      view.frame.focus();
    } else if (event.key === "Enter" && event.target === view.filter) {
      event.preventDefault();
      const first = view.choices.narrow(view.filter.value);
      if (!first) return;
      view.clearFilter();
      sitting.choose(Number(first.dataset.label), { fromFilter: true });
    }
  }
}

// The digit on the key's cap: on a French keyboard the top row gives digits with Shift only.
function digitOf(event) {
  if (/^[0-9]$/.test(event.key)) return event.key;
  return event.shiftKey ? "" : (event.code.match(/^Digit([0-9])$/)?.[1] ?? "");
}

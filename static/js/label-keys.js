// What each key does. Keys of labels come first; those that the page needs for itself are not given to labels.

import { isSilenced, meanings } from "./keystroke.js";

const BOUNCE = 60; // ms: two presses of the same key within it are one
const SCROLLS = [" ", "Home", "End"];
const at = (id) => document.getElementById(id);

export function listenToKeys(sitting, view, history) {
  const { data } = sitting;
  const labelOfKey = new Map(data.labels.filter((label) => label.key).map((label) => [label.key, label.id]));
  const { frame } = view;
  const scrolls = {
    j: () => frame.scroll(1),
    k: () => frame.scroll(-1),
    home: () => frame.toStart(),
    end: () => frame.toEnd(),
  };
  const acts = {
    ...scrolls,
    z: () => sitting.undo(),
    s: () => sitting.answer("skipped", []),
    u: () => sitting.answer("unsure", []),
    h: () => history.toggle(),
    w: () => sitting.words.toggle(),
    c: () => view.openComment(), // now, not with the toggle event: what is typed in between would answer texts
  };
  let pressed = "";
  let pressedAt = 0;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select")) {
      if (!event.target.closest("#history")) inField(event);
      else if (event.key === "Escape") leaveHistory(event);
      return;
    }
    if (isSilenced(event)) return;
    if (event.target.closest(".guidelines .prose") && SCROLLS.includes(event.key)) return; // the guidelines scroll
    if (event.target.closest("#history")) return inHistory(event);
    const act = action(event);
    if (!act) return;
    event.preventDefault();
    if (Object.values(scrolls).includes(act)) return act(); // also while the key is held down
    if (event.repeat) return;
    // A bouncing key must not answer the next text, nor one that came from the server this moment; undo harms neither.
    // Another key is meant, however soon it comes.
    const since = act === acts.z ? pressedAt : Math.max(pressedAt, sitting.clock.shownAt);
    const bounced = event.key === pressed && performance.now() - since < BOUNCE;
    pressed = event.key;
    pressedAt = performance.now();
    if (!bounced) act();
  });

  function action(event) {
    const onControl = event.target.closest("button, summary, a, input");
    if (event.key === " " && !onControl) return event.shiftKey ? scrolls.k : scrolls.j;
    if (event.key === "Escape" && history.isOpen) return () => history.close();
    if (event.key === "?") return () => at("keys").showModal();
    if (event.key === "/") return () => (view.filter ? view.filter.focus() : location.assign(at("search-link").href));
    for (const key of meanings(event)) {
      if (labelOfKey.has(key)) return () => sitting.choose(labelOfKey.get(key));
      if (acts[key]) return acts[key];
      if (data.multi && key === "0") return () => sitting.answer("labelled", []);
    }
    const confirms = event.key === "Enter" && !event.target.closest("button, summary, a");
    if (data.multi && confirms) return () => sitting.confirmTicked();
    return null;
  }

  // A press there is meant for what stands there, never for the text.
  function inHistory(event) {
    const isBox = event.target.closest("input");
    if (event.key === "Escape" || (meanings(event).includes("h") && !isBox)) leaveHistory(event);
  }

  function leaveHistory(event) {
    event.preventDefault();
    history.close();
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

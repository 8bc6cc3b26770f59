// Mouse and thumb: the buttons of the page, which are those of a plain form.

const DOUBLE_CLICK = 450; // ms: the second click of a double click was not meant for the next text
const at = (id) => document.getElementById(id);

export function listenToPointer(sitting, view) {
  let clicks = 0;
  view.form.addEventListener("click", (event) => (clicks = event.detail), true);
  view.form.addEventListener("click", (event) => {
    if (sitting.isUnread && event.target.closest(".choice")) event.preventDefault(); // a box would be ticked
  });
  view.form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (clicks > 1 && performance.now() - sitting.clock.shownAt < DOUBLE_CLICK) return;
    const pressed = event.submitter;
    if (pressed?.name === "label") sitting.answer("labelled", [Number(pressed.value)]);
    else if (pressed?.name === "status") sitting.answer(pressed.value, []);
    else if (pressed?.name === "none") sitting.answer("labelled", []);
    else if (sitting.data.multi) sitting.confirmTicked();
  });
  at("undo").addEventListener("submit", (event) => {
    event.preventDefault();
    sitting.undo();
  });
  at("try-now").addEventListener("click", () => {
    sitting.outbox.flush();
    view.frame.focus();
  });
  at("from-start").addEventListener("click", () => view.frame.toStart());
  at("keys-button").hidden = false;
  at("keys-button").addEventListener("click", () => at("keys").showModal());
  at("keys").addEventListener("close", () => view.frame.focus());
  if (at("guide")) {
    at("guide-button").hidden = false;
    at("guide-button").addEventListener("click", () => view.guidelines());
  }
  if (view.filter) {
    view.filter.parentElement.hidden = false;
    view.filter.addEventListener("input", () => view.choices.narrow(view.filter.value));
  }
  focusOpenedComment(view);
  leaveTickedBox(view);
}

// Opened by its summary. The event comes some time after the opening: opened by key the field has the focus already,
// and may have lost it again by then.
function focusOpenedComment(view) {
  const remark = at("remark");
  let clicked = false;
  remark.querySelector("summary").addEventListener("click", () => (clicked = !remark.open));
  remark.addEventListener("toggle", () => {
    if (clicked && remark.open) view.comment.focus();
    clicked = false;
  });
}

// Ticked by mouse or thumb a box would keep the focus, and Space, pressed to scroll, would untick it. Whoever has come
// to it by Tab stays there.
function leaveTickedBox(view) {
  let byPointer = false;
  view.form.addEventListener("pointerdown", () => (byPointer = true));
  document.addEventListener("keydown", () => (byPointer = false), true);
  view.form.addEventListener("change", ({ target }) => byPointer && target.type === "checkbox" && view.frame.focus());
}

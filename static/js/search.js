// The list of found texts by keyboard, without reloads. The form does all of it without this script, too: mark texts,
// press a label. Here the text in focus is meant when none is marked, and each label is saved in the background.

import { isSilenced, meanings } from "./keystroke.js";
import { Choices } from "./label-choices.js";
import { Answers } from "./search-answers.js";

const at = (id) => document.getElementById(id);
const form = at("found");
const rows = [...document.querySelectorAll("#found [data-text]")];
const box = at("find-q");
const labels = at("labels");
let current = null; // the row in focus

// --- Moving and marking ----------------------------------------------------------------------------------------------

function moveTo(row) {
  if (!row) return;
  current?.classList.remove("current");
  current = row;
  row.classList.add("current");
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  tellWhat();
}

function move(by) {
  moveTo(rows[current ? rows.indexOf(current) + by : 0]);
}

const boxOf = (row) => row.querySelector("[name=mark]");
const marked = () => rows.filter((row) => boxOf(row)?.checked);

function toggleMark() {
  if (!current || !boxOf(current)) return;
  boxOf(current).checked = !boxOf(current).checked;
  tellWhat();
}

function tellWhat() {
  if (!at("bar-what")) return;
  const count = marked().length;
  if (count === 1) at("bar-what").textContent = gettext("Label the marked text");
  else if (count) at("bar-what").textContent = interpolate(ngettext("Label the %(n)s marked text", "Label the %(n)s marked texts", count), { n: count }, true);
  else at("bar-what").textContent = current ? gettext("Label the text in focus") : gettext("Choose a text: J, or mark some");
}

const say = (sentence) => (at("bar-said").textContent = sentence);

// --- Labelling -------------------------------------------------------------------------------------------------------

// What is meant is read now, at the press: the focus may be elsewhere when the answer comes.
function give(button) {
  const chosen = marked().length ? marked() : current ? [current] : [];
  if (!chosen.length) return say(gettext("No text is chosen. Mark one, or press J."));
  const body = new FormData(form, button);
  const fields = { mark: chosen.map((row) => row.dataset.text), query: body.get("query"), label: body.getAll("label") };
  if (body.has("none")) fields.none = "on";
  else if (!fields.label.length) return say(gettext("No label is ticked."));
  for (const row of chosen) if (boxOf(row)) boxOf(row).checked = false;
  for (const tick of labels.querySelectorAll("input:checked")) tick.checked = false;
  if (chosen.length === 1 && chosen[0] === current) move(1);
  tellWhat();
  answers.give(fields);
}

// --- Keys ------------------------------------------------------------------------------------------------------------

const filter = at("filter"); // null where the labels are few
const choices = form && labels ? new Choices() : null;
const answers = form && labels ? new Answers(form, say) : null;

function takeFirst() {
  const first = choices.narrow(filter.value);
  if (!first) return;
  filter.value = "";
  choices.narrow("");
  press(first);
}

function leaveField(field) {
  if (field === filter) {
    filter.value = "";
    choices.narrow("");
  }
  field.blur();
  moveTo(current ?? rows[0]);
}

const buttonOfKey = new Map([...(labels?.querySelectorAll("[data-key]") ?? [])].map((choice) => [choice.dataset.key, choice]));
buttonOfKey.delete("");

function press(choice) {
  const tick = choice.querySelector("input");
  if (!tick) return give(choice);
  tick.checked = !tick.checked;
  const name = { label: choice.querySelector(".name").textContent };
  say(interpolate(tick.checked ? gettext("%(label)s ticked.") : gettext("%(label)s not ticked."), name, true));
}

function action(event) {
  if (event.key === "/") return () => { box.focus(); box.select(); };
  if (event.key === "?") return () => at("keys").showModal();
  if (!rows.length) return undefined;
  const acts = meanings(event).map((key) => actOf(key, event));
  return acts.find(Boolean);
}

function actOf(key, event) {
  if (key === "j") return () => move(1);
  if (key === "k") return () => move(-1);
  if (form && labels) {
    if (buttonOfKey.has(key)) return () => press(buttonOfKey.get(key));
    if (key === "." && filter) return () => filter.focus();
    if (key === "z") return () => answers.undo();
    if (key === "x") return toggleMark;
    if (at("none") && key === "0") return () => give(at("none"));
    if (at("give") && key === "enter" && !event.target.closest("button, summary, a")) return () => give(at("give"));
  }
  if (key === "m" && current) return () => current.querySelector(".like-this").click();
  return undefined;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select")) {
    if (event.key === "Escape") leaveField(event.target);
    if (event.key !== "Enter" || event.target !== filter) return;
    event.preventDefault(); // a plain form would press its first button
    takeFirst();
    return;
  }
  const act = isSilenced(event) ? null : action(event);
  if (!act) return;
  event.preventDefault();
  if (!event.repeat || meanings(event).some((key) => "jk".includes(key))) act();
});

for (const row of rows) {
  row.addEventListener("focusin", () => current !== row && mayMove(row));
  row.addEventListener("click", (event) => event.target.closest("a, summary, input, label") || moveTo(row));
}

function mayMove(row) {
  current?.classList.remove("current");
  current = row;
  row.classList.add("current");
  tellWhat();
}

if (form && labels) {
  form.addEventListener("change", tellWhat);
  form.addEventListener("submit", (event) => {
    if (event.submitter === at("like-marked")) return;
    event.preventDefault();
    give(event.submitter);
  });
  if (filter) {
    filter.parentElement.hidden = false;
    filter.addEventListener("input", () => choices.narrow(filter.value));
    filter.addEventListener("focus", () => (labels.style.minHeight = `${labels.offsetHeight}px`)); // the box stays put
    filter.addEventListener("blur", () => (labels.style.minHeight = ""));
  }
  at("undo-act").addEventListener("click", () => answers.undo());
  at("keys-button").hidden = false;
  at("keys-button").addEventListener("click", () => at("keys").showModal());
  at("keys").addEventListener("close", () => moveTo(current));
  tellWhat();
}
if (rows.length && document.activeElement === document.body) moveTo(rows[0]);

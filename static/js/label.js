// The labelling page. The page holds five texts: the one being read and the next ones; an answer shows the next in
// the same frame and is saved in the background, in order, by the outbox.

import { Outbox, post } from "./label-outbox.js";
import { View } from "./label-view.js";

const RENEW_EVERY = 60000; // ms; leases last ten minutes
const AHEAD = 5; // texts in the page: so many are answered without the network
const BOUNCE = 60; // ms: two presses of the same key within it are one
const FIGURES_AFTER = 10; // answers: what the others did meanwhile is asked
const DOUBLE_CLICK = 450; // ms: the second click of a double click was not meant for the next text
const data = JSON.parse(document.getElementById("label-data").textContent);
const at = (id) => document.getElementById(id);

const view = new View(data.labels);
const past = []; // what was answered in this page: {text, key, labels}
let held = data.texts; // held[0] is on the screen
let progress = data.progress;
let shownAt = performance.now();
let hiddenFor = 0;
let hiddenSince = 0;
let exhausted = held.length === 0;
let fromFilter = false;
let sinceFigures = 0; // answers of this page since the server last told the project's figures
let saving = "idle";

const outbox = new Outbox(data.store, data.user, { told, replied, refused });
held = held.filter((text) => !outbox.has(text.lease));
for (const { kind, note } of outbox.items) if (kind === "answer") remember(note); // given before a reload, not yet saved
if (held.length !== data.texts.length) exhausted = false;
if (held[0]?.lease !== data.texts[0]?.lease || exhausted) show("");

// --- Showing ---------------------------------------------------------------------------------------------------------

function show(announcement, ticked = []) {
  shownAt = performance.now();
  hiddenFor = 0;
  if (held.length) {
    view.text(held[0], ticked);
    view.announce(`${announcement} ${held[0].text.slice(0, 400)}`);
    if (fromFilter) at("filter").focus();
    else view.focusText();
  } else {
    view.announce(announcement);
    if (!exhausted || !outbox.isEmpty) view.fetching(whyNone());
    else finish();
  }
  fromFilter = false;
}

// The last text was answered. What is said then depends on the others' answers: ask before saying it.
async function finish() {
  if (sinceFigures) {
    view.fetching(whyNone());
    await figures();
  }
  if (!held.length && exhausted && outbox.isEmpty) view.done(progress);
}

function whyNone() {
  if (saving !== "waiting" && navigator.onLine) return "Fetching the next text…";
  const problem = navigator.onLine ? "The server does not answer" : "No connection";
  const count = outbox.items.length;
  return count ? `${problem}: ${count === 1 ? "1 answer waits" : `${count} answers wait`} here.` : `${problem}.`;
}

function told(state, sentence) {
  saving = state;
  view.saving(state, sentence);
  if (!held.length && view.isFetching) view.why(whyNone());
}

// The server's list of the texts in our hands. What is on the screen stays there as long as it is ours.
function reconcile(texts) {
  const known = new Set(held.map((text) => text.lease));
  const before = held[0]?.lease;
  const fresh = texts.filter((text) => !known.has(text.lease) && !outbox.has(text.lease));
  held.push(...fresh);
  if (outbox.isEmpty) {
    const ours = new Set(texts.map((text) => text.lease));
    held = held.filter((text) => ours.has(text.lease));
    exhausted = held.length === 0;
  }
  if (held[0]?.lease !== before || !held.length) {
    show(before && held.length ? "Somebody else took that text while this page was asleep. Here is another." : "");
  }
}

function countAnswer(status, by) {
  if (status !== "labelled") return;
  progress.today += by;
  progress.labelled += by;
  view.progress(progress);
}

// --- Answering -------------------------------------------------------------------------------------------------------

function answer(status, labels) {
  const text = held[0];
  if (!text) return;
  const key = newKey();
  const seconds = Math.max(0, (performance.now() - shownAt - hiddenFor) / 1000).toFixed(2);
  const comment = at("comment").value.trim();
  held.shift();
  past.push({ text, key, labels, status });
  const row = { key, text: text.text.slice(0, 90), status, label_ids: labels };
  remember(row);
  sinceFigures += 1;
  const guidelines = data.guidelines; // the version that stands beside the text on this page
  const fields = { lease: text.lease, key, status, label: labels, seconds, comment, guidelines };
  outbox.add("answer", data.urls.answer, fields, row);
  show(`${view.said(row)}.`);
}

function remember(row) {
  progress.last = [row, ...progress.last].slice(0, 20);
  view.last(progress.last.slice(0, 5));
  countAnswer(row.status, 1);
}

// An answer that the server refused was never given: it is no answer of today and nothing to undo.
function forget(key) {
  const at = past.findIndex((answered) => answered.key === key);
  const row = progress.last.find((one) => one.key === key) ?? past[at];
  if (!row) return; // undone before the refusal came
  if (at >= 0) past.splice(at, 1);
  progress.last = progress.last.filter((one) => one.key !== key);
  view.last(progress.last.slice(0, 5));
  countAnswer(row.status, -1);
}

function undo() {
  const [row, ...older] = progress.last;
  if (!row) return view.announce("There is no answer to undo.");
  const answered = past.at(-1)?.key === row.key ? past.pop() : null; // else another tab's, or from before a reload
  progress.last = older;
  view.last(older.slice(0, 5));
  countAnswer(row.status, -1);
  if (answered) {
    held.unshift(answered.text);
    show("Undone.", answered.labels);
  }
  outbox.add(answered ? "undo" : "undo-older", data.urls.undo, { key: row.key });
}

function replied(item, reply) {
  if (item.kind === "undo-older") {
    // An answer from before this page was loaded: only now do we have its text. It goes in front.
    held = [];
    reconcile(reply.texts);
    return;
  }
  reconcile(reply.texts);
  if (sinceFigures >= FIGURES_AFTER) figures();
}

function refused(item, sentence) {
  if (item.kind === "answer") forget(item.fields.key);
  alertOnce(sentence);
  renew();
}

function alertOnce(sentence) {
  let notice = at("refusal");
  if (!notice) {
    notice = document.createElement("div");
    notice.id = "refusal";
    notice.className = "notice error";
    notice.setAttribute("role", "alert");
    view.form.before(notice);
  }
  notice.textContent = sentence;
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID is not there on plain http
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// --- Staying in touch ------------------------------------------------------------------------------------------------

// Tell the server that the page is open; ask for texts where some are missing.
async function renew() {
  if (held.length < AHEAD) {
    const reply = await quietly(data.urls.next);
    if (reply) reconcile(reply.texts);
  }
  const reply = await figures();
  if (reply) reconcile(reply.texts);
}

// How far the project is, with what the others did. It also renews what we hold.
async function figures() {
  const reply = await quietly(data.urls.status);
  if (!reply) return null;
  sinceFigures = 0;
  const told = new Set(reply.progress.last.map((row) => row.key));
  const older = progress.last.filter((row) => !told.has(row.key)); // the server tells five; undo may go further back
  progress = { ...reply.progress, last: [...reply.progress.last, ...older].slice(0, 20) };
  view.progress(progress);
  view.last(progress.last.slice(0, 5));
  return reply;
}

// The reply, or null when it says nothing of use: lost, or overtaken by an answer given meanwhile.
async function quietly(url) {
  const added = outbox.added;
  if (!outbox.isEmpty) return null;
  const reply = await post(url, { user: data.user });
  return reply.lost || reply.error || added !== outbox.added || !outbox.isEmpty ? null : reply;
}

addEventListener("online", () => outbox.isEmpty && renew());
addEventListener("offline", () => told(saving, at("save").textContent));
setInterval(() => document.visibilityState === "visible" && renew(), RENEW_EVERY);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") hiddenSince = performance.now();
  else {
    if (hiddenSince) hiddenFor += performance.now() - hiddenSince;
    hiddenSince = 0;
    if (outbox.isEmpty) renew();
    else outbox.flush(); // the person may have signed in again in another tab
  }
});

// --- Mouse and thumb -------------------------------------------------------------------------------------------------

let lastClickDetail = 0;
view.form.addEventListener("click", (event) => (lastClickDetail = event.detail), true);
view.form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (lastClickDetail > 1 && performance.now() - shownAt < DOUBLE_CLICK) return;
  const pressed = event.submitter;
  if (pressed?.name === "label") answer("labelled", [Number(pressed.value)]);
  else if (pressed?.name === "status") answer(pressed.value, []);
  else if (pressed?.name === "none") answer("labelled", []);
  else if (data.multi) confirmTicked();
});
at("undo").addEventListener("submit", (event) => {
  event.preventDefault();
  undo();
});
at("keys-button").hidden = false;
at("keys-button").addEventListener("click", () => at("keys").showModal());
at("keys").addEventListener("close", () => view.focusText());
if (at("guide")) {
  at("guide-button").hidden = false;
  at("guide-button").addEventListener("click", () => view.guidelines());
}
// Opened by its summary. The event comes some time after the opening: opened by key the field has the focus already, and
// may have lost it again by then.
let remarkClicked = false;
at("remark").querySelector("summary").addEventListener("click", () => (remarkClicked = !at("remark").open));
at("remark").addEventListener("toggle", () => {
  if (remarkClicked && at("remark").open) at("comment").focus();
  remarkClicked = false;
});

function confirmTicked() {
  const labels = view.ticked();
  if (labels.length) answer("labelled", labels);
  else {
    view.hint("No label is ticked.");
    view.announce("No label is ticked. Press 0 for none of these.");
  }
}

// --- Keys ------------------------------------------------------------------------------------------------------------

const labelOfKey = new Map(data.labels.filter((label) => label.key).map((label) => [label.key, label.id]));
const scrolls = { j: () => view.scroll(1), k: () => view.scroll(-1) };
let pressed = "";
const acts = {
  ...scrolls,
  z: undo,
  s: () => answer("skipped", []),
  u: () => answer("unsure", []),
  c: () => {
    at("remark").open = true;
    at("comment").focus(); // now, not with the toggle event: what is typed in between would answer texts
  },
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select")) return inField(event);
  const act = action(event);
  if (!act) return;
  event.preventDefault();
  if (event.repeat && !Object.values(scrolls).includes(act)) return;
  // A bouncing key must not answer the next text. Another key is meant, however soon it comes.
  const bounced = event.key === pressed && performance.now() - shownAt < BOUNCE;
  pressed = event.key;
  if (!bounced) act();
});

function action(event) {
  const key = event.key.toLocaleLowerCase();
  if (event.key === "?") return () => at("keys").showModal();
  if (event.key === "/" && at("filter")) return () => at("filter").focus();
  if (labelOfKey.has(key)) return () => choose(labelOfKey.get(key));
  if (acts[key]) return acts[key];
  const digit = digitOf(event);
  if (labelOfKey.has(digit)) return () => choose(labelOfKey.get(digit));
  if (data.multi && digit === "0") return () => answer("labelled", []);
  if (data.multi && event.key === "Enter" && !event.target.closest("button, summary, a")) return confirmTicked;
  return null;
}

// The digit on the key's cap: on a French keyboard the top row gives digits with Shift only.
function digitOf(event) {
  if (/^[0-9]$/.test(event.key)) return event.key;
  return event.shiftKey ? "" : (event.code.match(/^Digit([0-9])$/)?.[1] ?? "");
}

function choose(id) {
  if (!data.multi) return answer("labelled", [id]);
  const box = view.choices.find((choice) => Number(choice.dataset.label) === id).control;
  box.checked = !box.checked;
  view.hint("");
  view.announce(`${view.names.get(id)} ${box.checked ? "ticked" : "not ticked"}.`);
}

function inField(event) {
  if (event.key === "Escape") {
    event.preventDefault();
    if (event.target === at("filter")) clearFilter();
    view.focusText();
  } else if (event.key === "Enter" && event.target === at("filter")) {
    event.preventDefault();
    const first = view.filter(at("filter").value);
    if (!first) return;
    clearFilter();
    fromFilter = !data.multi;
    choose(Number(first.dataset.label));
  }
}

function clearFilter() {
  at("filter").value = "";
  view.filter("");
}

if (at("filter")) {
  at("filter").parentElement.hidden = false;
  at("filter").addEventListener("input", () => view.filter(at("filter").value));
}
if (held.length) view.focusText();

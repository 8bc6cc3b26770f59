// What the labelling page draws, part by part.

import { Beside } from "./label-beside.js";
import { Choices } from "./label-choices.js";
import { Frame } from "./label-frame.js";
import { Saved } from "./label-saved.js";

const ALERTS = 3; // refusals that are read one by one
const READ_FOR = 10000; // ms in which a refusal is read, or one is not at the page

const at = (id) => document.getElementById(id);

export class View {
  constructor({ labels, multi, urls: { answers: answersUrl } }) {
    this.isMulti = multi;
    this.names = new Map(labels.map((label) => [label.id, label.name]));
    this.form = at("answer");
    this.comment = at("comment");
    this.filter = at("filter"); // null where the labels are few
    this.frame = new Frame();
    this.choices = new Choices();
    this.saved = new Saved();
    this.beside = new Beside(this.names, answersUrl);
    this.form.addEventListener("change", () => this.hint(""));
    this.form.addEventListener("pointerdown", () => this.hint(""));
  }

  // `begun`: what was ticked and written beside it before, where it stood here before.
  text(text) {
    this.form.hidden = false;
    at("done").hidden = true;
    this.form.classList.remove("fetching");
    at("reason").textContent = text.reason;
    this.choices.suggest(text.suggested);
    this.#fresh(text.begun);
    this.frame.text(text);
  }

  fetching(sentence) {
    this.form.hidden = false;
    this.form.classList.add("fetching");
    this.why(sentence);
    this.choices.suggest({});
    this.clear();
    this.frame.empty();
  }

  get begun() {
    return { ticked: this.choices.ticked(), comment: this.comment.value };
  }

  get isBegun() {
    return this.isAny(this.begun);
  }

  // Where a text has one label nothing is ticked: it is answered.
  isAny({ ticked, comment }) {
    return (this.isMulti && ticked.length > 0) || comment.trim() !== "";
  }

  clear() {
    this.#fresh();
  }

  get isFetching() {
    return !this.form.hidden && this.form.classList.contains("fetching");
  }

  // Why this text was asked, or why there is none.
  why(sentence) {
    if (at("reason").textContent !== sentence) at("reason").textContent = sentence;
  }

  done(progress) {
    this.form.hidden = true;
    if (at("refusal")) this.#place(at("refusal"));
    const news = at("done").hidden;
    at("done").hidden = false;
    at("done-all").hidden = progress.labelled < progress.texts;
    at("done-now").hidden = progress.labelled >= progress.texts;
    if (news) at("done").focus();
  }

  // Of several that nobody has read yet, each; of many, how many more.
  alert(sentence) {
    let notice = at("refusal");
    if (!notice) {
      this.alerts = [];
      notice = document.createElement("div");
      notice.id = "refusal";
      notice.className = "notice error";
      notice.setAttribute("role", "alert");
      notice.tabIndex = 0; // above a short text it scrolls
      this.#place(notice);
    }
    this.alerts.push(sentence);
    const n = this.alerts.length - ALERTS;
    const more = ngettext("%(n)s more was not saved.", "%(n)s more were not saved.", n);
    const told = [...this.alerts.slice(0, ALERTS), ...(n > 0 ? [interpolate(more, { n }, true)] : [])];
    notice.replaceChildren(...told.map(paragraph));
    this.alertedAt = performance.now();
  }

  // Over the text, which gives it room, so that no label moves.
  #place(notice) {
    (this.form.hidden ? this.form : at("frame")).before(notice);
  }

  // Whoever goes on has read it.
  dropReadAlert() {
    if (performance.now() - this.alertedAt > READ_FOR) at("refusal")?.remove();
  }

  tick(id) {
    const ticked = this.choices.tick(id);
    this.hint("");
    const told = ticked ? gettext("%(label)s ticked.") : gettext("%(label)s not ticked.");
    this.announce(interpolate(told, { label: this.names.get(id) }, true));
  }

  // Beside the button that was pressed in vain; empty takes it away.
  hint(sentence) {
    if (!at("hint")) return;
    at("hint").textContent = sentence;
    at("hint").hidden = !sentence;
  }

  clearFilter() {
    this.filter.value = "";
    this.choices.narrow("");
  }

  openComment() {
    at("remark").open = true;
    this.comment.focus();
  }

  // The guidelines stand below the labels on a phone; here they come over the text.
  guidelines() {
    const prose = document.querySelector(".guidelines .prose");
    at("guide-text").replaceChildren(...prose.cloneNode(true).childNodes);
    at("guide").showModal();
  }

  announce(sentence) {
    at("live").textContent = sentence;
  }

  #fresh({ ticked, comment } = { ticked: [], comment: "" }) {
    this.choices.setTicked(ticked);
    this.hint("");
    this.comment.value = comment;
    at("remark").open = comment !== "";
  }
}

function paragraph(sentence) {
  const said = document.createElement("p");
  said.textContent = sentence;
  return said;
}

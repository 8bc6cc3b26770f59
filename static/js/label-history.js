// One's earlier answers beside the text, where the window is wide enough; elsewhere the links lead to their page. The
// server draws the list and each answer; htmx swaps them inside the panel, which has no address: a reload is the text's.
// A change goes to the server by the outbox.

import { begunOf, Change } from "./label-change.js";
import { isSame } from "./label-unsaid.js";

const WIDE = "(min-width: 761px)";
const at = (id) => document.getElementById(id);

export class History {
  #sitting;
  #view;
  #isList = false;
  #change = null; // the form of one answer, while it stands there
  #news = ""; // what became of a change, to be said over the list

  constructor(sitting, view) {
    this.#sitting = sitting;
    this.#view = view;
    sitting.history = this;
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-look-back], #history-body a");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !matchMedia(WIDE).matches) return;
      event.preventDefault();
      this.#open(link.href);
    });
    at("history-close").addEventListener("click", () => this.close());
    const body = at("history-body");
    body.addEventListener("htmx:afterRequest", ({ detail }) => {
      if (!detail.successful) this.#failed(detail.xhr?.status);
    });
    body.addEventListener("htmx:beforeSwap", ({ detail }) => {
      if (detail.target === body && detail.shouldSwap) this.#leave();
    });
    body.addEventListener("htmx:afterSwap", () => this.#swapped());
    body.addEventListener("submit", (event) => this.#submit(event));
    // What was just saved belongs on top of the list, unless somebody is busy in it.
    document.addEventListener("labeller:saved", () => {
      const isBusy = at("history").contains(document.activeElement);
      if (this.isOpen && this.#isList && !isBusy) this.#load(at("all-answers").href);
    });
  }

  get isOpen() {
    return !at("history").hidden;
  }

  toggle() {
    if (this.isOpen) this.close();
    else if (matchMedia(WIDE).matches) this.#open(at("all-answers").href);
    else location.assign(at("all-answers").href);
  }

  close() {
    this.#leave();
    at("history").hidden = true;
    at("history-body").replaceChildren();
    at("beside").classList.remove("looking-back");
    this.#view.frame.focus();
  }

  #open(url) {
    if (!this.isOpen) {
      at("history").hidden = false;
      at("beside").classList.add("looking-back");
      at("history-title").focus();
    }
    this.#load(url);
  }

  #load(url) {
    htmx.ajax("GET", url, { source: "#history-body", target: "#history-body", swap: "innerHTML show:none" });
  }

  // --- Changing ---

  // Whether anything is ticked or written that leaving the page would lose.
  get isBegun() {
    const change = this.#change;
    if (!change?.isTouched) return false;
    const { begun, url } = change;
    const waiting = this.#waiting(url);
    return !(waiting && isSame(this.#begunOf(waiting), begun)) && !this.#sitting.unsaid.has(url, begun);
  }

  // A change, or which answers to show.
  #submit(event) {
    event.preventDefault();
    const { target } = event;
    if (target.method === "get") return this.#load(`${target.action}?${new URLSearchParams(new FormData(target))}`);
    const change = this.#change;
    if (!change) return; // it is saved, and the list is on its way
    const said = change.said(event.submitter);
    if (!said) {
      change.tell(gettext("No label is ticked. Tick every label that fits, or press “None of these”."), true);
      return;
    }
    if (isAgain(this.#waiting(change.url), said)) this.#sitting.outbox.flush();
    else this.#sitting.change(change.url, said.fields, said.row);
    this.tellWaiting();
  }

  // The newest change of this answer that has not reached the server.
  #waiting(url) {
    return this.#sitting.outbox.changesOf(url).at(-1);
  }

  #begunOf(fields) {
    return begunOf(fields, this.#view.isMulti);
  }

  tellWaiting() {
    const change = this.#change;
    const waiting = change && this.#waiting(change.url);
    if (!waiting || !isSame(this.#begunOf(waiting), change.begun)) return;
    const told = this.#sitting.isLost
      ? gettext("Not saved yet. The change is kept here, and sent again by itself.")
      : gettext("Saving…");
    change.tell(told);
  }

  // Whoever has gone on writing meanwhile keeps the form.
  changed(item, sentence) {
    const change = this.#changeOf(item);
    if (!change) return this.#view.announce(sentence);
    if (!isSame(change.begun, this.#begunOf(item.fields))) return change.tell(sentence);
    this.#change = null;
    this.#news = sentence;
    this.#load(at("all-answers").href);
  }

  // Whether it was said in the form.
  refused(item, sentence) {
    const change = this.#changeOf(item);
    change?.tell(interpolate(gettext("Not saved. %(why)s"), { why: sentence }, true), true);
    return Boolean(change);
  }

  #changeOf({ url }) {
    return this.#change?.url === url ? this.#change : null;
  }

  // What is half done stands there again when the answer is opened again.
  #leave() {
    const change = this.#change;
    this.#change = null;
    if (!change?.isThere) return;
    const waiting = this.#waiting(change.url);
    if (waiting && isSame(this.#begunOf(waiting), change.begun)) return;
    if (change.isTouched) this.#sitting.unsaid.keep(change.url, change.begun);
    else this.#sitting.unsaid.forget(change.url);
  }

  #resume() {
    const { url, asDrawn } = this.#change;
    const waiting = this.#waiting(url);
    const begun = this.#sitting.unsaid.of(url);
    if (begun && !isSame(begun, asDrawn)) {
      this.#change.fill(begun);
      this.#change.tell(gettext("What you had begun stands here again. It is not saved."));
    } else if (waiting) {
      this.#change.fill(this.#begunOf(waiting));
      this.tellWaiting();
    }
  }

  // --- Swapping ---

  // What had the focus may be gone: it stays in the panel.
  #swapped() {
    const body = at("history-body");
    this.#isList = body.querySelector(".past-answers") !== null;
    const form = body.querySelector("form.change");
    this.#change = form && new Change(form);
    if (form) this.#resume();
    if (this.#news && this.#isList) this.#tellNews();
    if (document.activeElement === document.body) at("history-title").focus();
  }

  #tellNews() {
    const notice = document.createElement("div");
    notice.className = "notice success";
    notice.setAttribute("role", "status");
    notice.textContent = this.#news;
    at("history-body").prepend(notice);
    this.#news = "";
  }

  #failed(status) {
    this.#leave();
    const isUnsaved = status === 404;
    const sentence = isUnsaved
      ? gettext("This answer has not reached the server yet. Press H twice to try again.")
      : gettext("The answers could not be fetched. Press H twice to try again.");
    const notice = document.createElement("p");
    notice.setAttribute("role", "alert");
    notice.textContent = sentence;
    at("history-body").replaceChildren(notice);
  }
}

// The same button pressed once more, while what it said is still on its way.
function isAgain(waiting, { fields }) {
  if (!waiting) return false;
  const said = ({ status, label, comment, none }) => JSON.stringify([status, label, comment, none]);
  return said(waiting) === said(fields);
}

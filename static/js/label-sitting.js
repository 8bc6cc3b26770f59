// One sitting at the labelling page: the texts in hand, and what is done with them. It decides; the view draws, the
// outbox sends, the line asks, the tally counts.

import { Clock } from "./label-clock.js";
import { begunOf } from "./label-change.js";
import { newKey } from "./label-key-of-answer.js";
import { Line } from "./label-line.js";
import { Outbox } from "./label-outbox.js";
import { spoken, unsaved, whyGone } from "./label-sentences.js";
import { Tally } from "./label-tally.js";
import { Unsaid } from "./label-unsaid.js";
import { Words } from "./label-words.js";

const FIGURES_AFTER = 10; // answers: what the others did meanwhile is asked
const UNREAD = 300; // ms: what is pressed so soon after the server changed the text was meant for the one before

export class Sitting {
  #fromFilter = false;
  #saving = "idle";
  #changedAt = -UNREAD; // when the text was last changed by the server, not by a press
  #gone = ""; // why the text went that stood there, until another stands there

  constructor(data, view) {
    this.data = data;
    this.view = view;
    this.tally = new Tally(data, view.beside);
    this.held = data.texts; // held[0] is on the screen
    this.exhausted = this.held.length === 0;
    this.clock = new Clock();
    this.history = null; // the panel with earlier answers
    this.unsaid = new Unsaid(data.store);
    this.words = new Words(data.urls.words, data.user, view);
    this.outbox = new Outbox(data.store, data.user, {
      told: (...news) => this.told(...news),
      replied: (item, reply) => this.#replied(item, reply),
      refused: (item, sentence) => this.#refused(item, sentence),
    });
    this.line = new Line(this);
    this.held = this.held.filter((text) => !this.outbox.has(text.lease));
    for (const item of this.outbox.items) this.#resume(item);
    for (const text of this.held) text.begun ??= this.unsaid.of(text.lease);
    if (this.held.length !== data.texts.length) this.exhausted = false;
    const asDrawn = this.held[0]?.lease === data.texts[0]?.lease && !this.held[0]?.window && !this.held[0]?.begun;
    if (!asDrawn || this.exhausted) this.#show("");
    else this.words.shows(this.held[0], this.held.slice(1));
  }

  // From before a reload: an undone text is not in this page any more.
  #resume(item) {
    if (item.kind === "undo") item.kind = "undo-older";
    this.tally.resume(item);
  }

  // --- Showing ---

  #show(announcement) {
    const { view } = this;
    this.clock.start();
    if (this.held.length) {
      view.text(this.held[0]);
      view.announce(spoken(announcement, this.held[0], view.names));
      if (this.#fromFilter) view.filter.focus();
      else view.frame.focus();
    } else {
      view.announce(announcement);
      if (!this.exhausted || !this.outbox.isEmpty) view.fetching(this.#whyNone());
      else this.#finish();
    }
    this.words.shows(this.held[0], this.held.slice(1));
    this.#fromFilter = false;
  }

  // The last text was answered. What is said then depends on the others' answers: ask before saying it.
  async #finish() {
    if (this.tally.since) {
      this.view.fetching(this.#whyNone());
      await this.line.figures();
    }
    if (!this.held.length && this.exhausted && this.outbox.isEmpty) this.view.done(this.tally.progress);
  }

  #whyNone() {
    if (this.#saving !== "waiting" && navigator.onLine) return gettext("Fetching the next text…");
    const n = this.outbox.items.length;
    if (!n) return navigator.onLine ? gettext("The server does not answer.") : gettext("No connection.");
    const told = navigator.onLine
      ? ngettext(
          "The server does not answer: %(n)s answer waits here.",
          "The server does not answer: %(n)s answers wait here.",
          n,
        )
      : ngettext("No connection: %(n)s answer waits here.", "No connection: %(n)s answers wait here.", n);
    return interpolate(told, { n }, true);
  }

  told(state, sentence, nextTry = null) {
    this.#saving = state;
    this.view.saved.tell(state, sentence, nextTry);
    this.history?.tellWaiting();
    this.toldNone();
  }

  // Whether the last try failed.
  get isLost() {
    return !navigator.onLine || !["idle", "saved", "saving"].includes(this.#saving);
  }

  // While no text stands there, the reason is kept true.
  toldNone() {
    if (!this.held.length && this.view.isFetching) this.view.why(this.#whyNone());
  }

  // The server's list of the texts in our hands. What is on the screen stays there as long as it is ours, and also when
  // it is not, once somebody has begun to tick or to write: a late answer is saved. Where nothing is in our hands,
  // nothing is left only if the server would have `handedOut` some. `said` is spoken with another text.
  reconcile(texts, { handedOut = true, said = "" } = {}) {
    const known = new Set(this.held.map((text) => text.lease));
    const [onScreen] = this.held;
    const before = onScreen?.lease;
    const until = new Map(texts.map((text) => [text.lease, text.until]));
    for (const text of this.held) text.until = until.get(text.lease) ?? text.until;
    const news = texts.filter((text) => !known.has(text.lease) && !this.outbox.has(text.lease));
    for (const text of news) text.begun ??= this.unsaid.of(text.lease);
    this.held.push(...news);
    if (this.outbox.isEmpty) {
      const isKept = (text) => text === onScreen && !text.isAnswered && this.view.isBegun;
      this.held = this.held.filter((text) => until.has(text.lease) || isKept(text));
      this.exhausted = !this.held.length && (handedOut || this.exhausted);
      if (this.held[0] && !until.has(this.held[0].lease)) this.#tellLate(this.held[0]);
    }
    if (this.held[0]?.lease === before && before) return;
    if (onScreen) this.#gone ||= whyGone(onScreen);
    const isOther = this.#gone && this.held.length > 0;
    this.#show(isOther ? this.#gone : said);
    if (isOther || this.exhausted) this.#gone = "";
    this.#changedAt = performance.now();
  }

  // Whether nobody can have read the text on the screen yet: it came by itself, a moment ago.
  get isUnread() {
    return performance.now() - this.#changedAt < UNREAD;
  }

  // Once: it is no news the next minute.
  #tellLate(text) {
    if (text.isLate) return;
    text.isLate = true;
    const told = gettext("Somebody else may have this text by now. What you have begun can still be saved.");
    this.view.why(told);
    this.view.announce(told);
  }

  // --- Answering ---

  answer(status, labels) {
    const text = this.held[0];
    if (!text || this.isUnread) return;
    this.view.dropReadAlert();
    const key = newKey();
    const { seconds } = this.clock;
    this.#keepBegun();
    const comment = text.begun.comment.trim();
    if (status === "labelled") text.begun.ticked = labels;
    this.held.shift();
    const row = { key, text: text.text.slice(0, 90), status, label_ids: labels };
    this.tally.add(row, text);
    this.tally.since += 1;
    const { guidelines } = this.data; // the version that stands beside the text on this page
    const fields = { lease: text.lease, key, status, label: labels, seconds, comment, guidelines };
    if (status === "labelled" && !labels.length) fields.none = "on"; // said, not forgotten
    this.outbox.add("answer", this.data.urls.answer, fields, row);
    this.#show(`${this.view.beside.said(row)}.`);
  }

  // What is ticked and written beside the text on the screen stands there again whenever the text does.
  #keepBegun() {
    if (this.held.length) this.held[0].begun = this.view.begun;
  }

  // Whether anything is ticked or written, here, beside a text ahead or in an earlier answer, that leaving the page
  // would lose.
  get isBegun() {
    const [onScreen, ...ahead] = this.held;
    const isLost = ({ lease, begun }) => begun && this.view.isAny(begun) && !this.unsaid.has(lease, begun);
    return isLost({ lease: onScreen?.lease, begun: this.view.begun }) || ahead.some(isLost) || this.history?.isBegun;
  }

  // An earlier answer is changed. It is kept and sent as an answer is, and undo reaches it at once. A change of the same
  // answer that waits still is given up: sent later, it would stand over this one.
  change(url, fields, row) {
    this.unsaid.forget(url);
    for (const { key } of this.outbox.changesOf(url)) {
      this.outbox.drop(key);
      this.tally.forget(key);
    }
    this.tally.change(row);
    this.outbox.add("change", url, fields, row);
  }

  // One label's key or its place in the filter: the answer itself, or a tick where a text may have several.
  choose(id, { fromFilter = false } = {}) {
    if (this.isUnread) return;
    if (this.data.multi) return this.view.tick(id);
    this.#fromFilter = fromFilter;
    return this.answer("labelled", [id]);
  }

  confirmTicked() {
    if (this.isUnread) return;
    const labels = this.view.choices.ticked();
    if (labels.length) this.answer("labelled", labels);
    else {
      this.view.hint(gettext("No label is ticked."));
      this.view.announce(gettext("No label is ticked. Press 0 for none of these."));
    }
  }

  undo() {
    const undone = this.tally.undo();
    if (!undone) return this.view.announce(gettext("There is no answer to undo."));
    const { row, here } = undone;
    if (!here) this.view.announce(gettext("Undoing…"));
    else {
      this.#keepBegun();
      this.held.unshift(here.text);
      this.#show(gettext("Undone."));
    }
    const note = { lease: here?.text.lease };
    const { guidelines } = this.data;
    this.outbox.add(here ? "undo" : "undo-older", this.data.urls.undo, { key: row.key, guidelines }, note);
  }

  #replied(item, reply) {
    if (item.kind === "change") {
      this.history?.changed(item, reply.said);
      document.dispatchEvent(new CustomEvent("labeller:saved"));
      this.line.renew(); // the text may have been in our hands
      return;
    }
    if (item.kind === "answer") this.unsaid.forget(item.fields.lease);
    if (item.kind === "undo-older") {
      // An answer from before this page was loaded: only now do we have its text. It goes in front.
      this.#keepBegun();
      const begun = new Map(this.held.map((text) => [text.lease, text.begun]));
      for (const text of reply.texts) text.begun ??= begun.get(text.lease);
      this.held = [];
      this.reconcile(reply.texts, { said: gettext("Undone.") });
      this.line.figures(); // undone was perhaps a change, and the answer before it stands again
      return;
    }
    if (item.kind === "undo" && !reply.texts.some((text) => text.lease === item.note.lease)) {
      // Another tab had answered it before.
      const undone = this.held.find((text) => text.lease === item.note.lease);
      if (undone) undone.isAnswered = true;
    }
    this.reconcile(reply.texts);
    document.dispatchEvent(new CustomEvent("labeller:saved"));
    if (this.tally.since >= FIGURES_AFTER) this.line.figures();
  }

  // What was ticked and written stands there again with its text, or in the form of the earlier answer.
  #refused(item, sentence) {
    const isSaid = item.kind === "answer" || item.kind === "change";
    if (isSaid) {
      this.tally.forget(item.fields.key);
      this.unsaid.keep(item.fields.lease ?? item.url, begunOf(item.fields, this.data.multi));
    } else if (item.note?.lease === this.held[0]?.lease) this.view.clear(); // its answer stays: nothing is begun there
    const isTold = item.kind === "change" && this.history?.refused(item, sentence);
    if (!isTold) this.view.alert(isSaid ? unsaved(item.note.text, this.view.beside.said(item.note), sentence) : sentence);
    this.line.renew();
  }
}

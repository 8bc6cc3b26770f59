// What was answered last and how far one is: counted here at each answer, put right by the server's figures.

import { Past } from "./label-past.js";

const LAST_SHOWN = 5;

export class Tally {
  #past;
  #beside;

  constructor({ progress, undo_reaches: told }, beside) {
    this.progress = progress;
    this.#past = new Past(progress.last, told);
    this.#beside = beside;
    this.since = 0; // answers of this page since the server last told the project's figures
  }

  // The figures of the server, and what it tells of the last answers.
  take(progress) {
    this.since = 0;
    this.progress = progress;
    this.#past.take(progress.last);
    this.#beside.progress(progress);
    this.#drawLast();
  }

  // An answer given now; `text` is absent for one from before a reload.
  add(row, text = null) {
    this.#past.add(row, text);
    this.#drawLast();
    this.#count(row, 1);
  }

  // An earlier answer, `row.before`, was replaced by this one.
  change(row) {
    this.forget(row.before);
    this.add(row);
  }

  // What waits to be sent from before a reload; the server may have taken the answer already.
  resume({ kind, fields, note }) {
    if (kind === "change") this.#past.has(fields.key) || this.change(note);
    else if (kind !== "answer") this.forget(fields.key);
    else if (!this.#past.has(fields.key)) this.add(note);
  }

  // An answer that the server refused was never given: it is no answer of today and nothing to undo.
  forget(key) {
    const row = this.#past.drop(key);
    if (!row) return; // undone before the refusal came, or too old to be told
    this.#drawLast();
    this.#count(row, -1);
  }

  // Takes the newest off, as Past.undo tells it.
  undo() {
    const undone = this.#past.undo();
    if (!undone) return undefined;
    this.#drawLast();
    this.#count(undone.row, -1);
    return undone;
  }

  #count({ status }, by) {
    if (status !== "labelled") return;
    this.progress.today += by;
    this.progress.labelled += by;
    this.#beside.progress(this.progress);
  }

  #drawLast() {
    this.#beside.last(this.#past.rows.slice(0, LAST_SHOWN));
  }
}

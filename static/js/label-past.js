// What was answered, newest first: rows as the server tells them, {key, text, status, label_ids}, and for the answers
// given in this page the texts themselves, so that undo needs no network.

const KEPT = 50; // answers that undo can go back to; after a reload those that the server tells

export class Past {
  #here = []; // {key, status, text}, oldest first

  // `told`: how many rows the server tells at most.
  constructor(rows, told) {
    this.rows = rows;
    this.told = told;
  }

  // `text` is absent for an answer from before a reload.
  add(row, text = null) {
    this.rows = [row, ...this.rows].slice(0, KEPT);
    if (text) this.#here.push({ key: row.key, status: row.status, text });
  }

  has(key) {
    return this.rows.some((row) => row.key === key);
  }

  // The answer with this key was never given. Returns what was known of it, or undefined.
  drop(key) {
    const known = this.rows.find((row) => row.key === key) ?? this.#here.find((answered) => answered.key === key);
    this.rows = this.rows.filter((row) => row.key !== key);
    this.#here = this.#here.filter((answered) => answered.key !== key);
    return known;
  }

  // Takes the newest off: its row, and its text where it was given in this page (`here`), else another tab's
  // or an older one (null). Undefined when there is none.
  undo() {
    const [row, ...older] = this.rows;
    if (!row) return undefined;
    this.rows = older;
    return { row, here: this.#here.at(-1)?.key === row.key ? this.#here.pop() : null };
  }

  // The newest as the server knows them. Older ones are kept, unless it has told all.
  take(rows) {
    const at = rows.length < this.told ? -1 : this.rows.findIndex((row) => row.key === rows.at(-1).key);
    this.rows = [...rows, ...(at < 0 ? [] : this.rows.slice(at + 1))].slice(0, KEPT);
  }
}

// What was ticked and written and is no answer: the server refused it, or it was left half done. It stands in its place
// again, also after a reload, until an answer is saved there.

const KEPT_FOR = 86400000; // ms; after a day the text is in other hands

export class Unsaid {
  #prefix;
  #kept = new Map(); // place -> {ticked, comment}

  constructor(store) {
    this.#prefix = `${store}:unsaid:`;
    try {
      for (const name of Object.keys(localStorage)) if (name.startsWith(this.#prefix)) this.#read(name);
    } catch {
      // Nothing can be stored here: it is kept as long as this page is.
    }
  }

  // `place`: a text's lease, or the address of an answer.
  of(place) {
    return this.#kept.get(place);
  }

  has(place, begun) {
    const kept = this.of(place);
    return kept !== undefined && isSame(kept, begun);
  }

  keep(place, { ticked, comment }) {
    if (!ticked.length && !comment.trim()) return this.forget(place);
    this.#kept.set(place, { ticked, comment });
    try {
      localStorage.setItem(this.#prefix + place, JSON.stringify({ ticked, comment, at: Date.now() }));
    } catch {
      // As above.
    }
  }

  forget(place) {
    this.#kept.delete(place);
    try {
      localStorage.removeItem(this.#prefix + place);
    } catch {
      // As above.
    }
  }

  #read(name) {
    const { at, ...begun } = JSON.parse(localStorage.getItem(name));
    const place = name.slice(this.#prefix.length);
    if (Date.now() - at > KEPT_FOR) this.forget(place);
    else this.#kept.set(place, begun);
  }
}

export function isSame(one, other) {
  return one.comment.trim() === other.comment.trim() && String(one.ticked) === String(other.ticked);
}

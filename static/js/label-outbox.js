// Answers on their way to the server. Each is kept in localStorage, one item per answer, until the server says that it
// is committed; then it is removed. A reload, a closed lid or a lost network loses nothing. Every item has a key of its
// own and the server takes a key once, so sending again (or from two tabs) does no harm. An item that fails again and
// again while the server is there lets the others pass; only what concerns the same answer waits for it.

import { post } from "./label-post.js";

const WAITS = [1000, 2000, 4000, 8000, 15000]; // ms between tries
const REFUSED_WAIT = 60000; // ms until a person who may not label is tried again: the role, or they, may come back
const STUBBORN = 3; // equal failures of one item after which the others pass it

export class Outbox {
  #prefix;
  #user;
  #failures = 0;
  #lost = null; // why the last try failed; null while nothing waits for another
  #busy = false;
  #timer = 0;
  #nextTry = 0; // ms of performance.now(); while something waits for another try
  #count = 0;
  #refused = 0; // definite noes of this flush
  #stuck = new Set(); // keys of answers that others have passed, the longest untried first
  #inOrder; // whether no item may pass another

  // `user` goes with every item: the server takes none while somebody else is signed in in this browser.
  // `told` gets (state, sentence, the time of the next try or null): "idle", "saved", "saving", "waiting", "offline",
  // "signed-out" or "refused".
  // `replied(item, reply)` hears the server's answer, `refused(item, sentence)` a definite no to this one item.
  // `inOrder`: different items may concern one text, so none passes another.
  constructor(prefix, user, { told, replied, refused, inOrder = false }) {
    this.#prefix = `${prefix}:unsaved:`;
    this.#user = user;
    this.#inOrder = inOrder;
    Object.assign(this, { told, replied, refused });
    this.items = this.#stored();
    addEventListener("online", () => (this.isEmpty ? this.told("idle", "") : this.flush()));
    addEventListener("offline", () => this.#tellOffline());
    if (this.items.length) this.flush();
    else if (!navigator.onLine) this.#tellOffline();
  }

  get isEmpty() {
    return this.items.length === 0;
  }

  // Counts everything that was ever added, so that a caller can see whether something happened meanwhile.
  get added() {
    return this.#count;
  }

  has(lease) {
    return this.items.some((item) => item.kind === "answer" && item.fields.lease === lease);
  }

  // The fields of what waits to change this answer, the oldest first.
  changesOf(url) {
    return this.items.filter((item) => item.kind === "change" && item.url === url).map(({ fields }) => fields);
  }

  add(kind, url, fields, note = null) {
    const at = `${Date.now().toString().padStart(15, "0")}-${(this.#count++).toString().padStart(6, "0")}`;
    const item = { kind, url, fields, note, at };
    this.items.push(item);
    try {
      localStorage.setItem(this.#prefix + at, JSON.stringify(item));
    } catch {
      item.isLoose = true; // a full disk: it still lives in this page, and leaving the page still warns
    }
    if (this.#lost) this.#tellLost(); // the count is right in this frame, not after the next try
    this.flush();
    return item;
  }

  async flush() {
    clearTimeout(this.#timer);
    if (this.#busy || this.isEmpty) return;
    this.#busy = true;
    if (!this.#failures) this.told("saving", gettext("Saving…"));
    this.#refused = 0;
    let lost = null;
    while (!lost && !this.isEmpty) lost = await this.#send(this.#first());
    this.#busy = false;
    this.#lost = lost;
    if (!lost) {
      this.#failures = 0;
      if (this.#refused) this.told("refused", gettext("Not saved"));
      else this.told("saved", gettext("✓ Saved"));
      return;
    }
    const wait = lost.why === "refused" ? REFUSED_WAIT : WAITS[Math.min(this.#failures++, WAITS.length - 1)];
    this.#timer = setTimeout(() => this.flush(), wait);
    this.#nextTry = performance.now() + wait;
    this.#tellLost();
  }

  #tellLost() {
    const { why, sentence } = this.#lost;
    const n = this.items.length;
    if (why === "refused") {
      const told = ngettext(
        "Not saved. %(why)s %(n)s answer kept here",
        "Not saved. %(why)s %(n)s answers kept here",
        n,
      );
      this.told(why, this.#orLoose(interpolate(told, { n, why: sentence }, true)), this.#nextTry);
    } else if (why === "signed-out") {
      const told = ngettext(
        "You are signed out. Sign in again in another tab: %(n)s answer kept here",
        "You are signed out. Sign in again in another tab: %(n)s answers kept here",
        n,
      );
      this.told(why, this.#orLoose(interpolate(told, { n }, true)), this.#nextTry);
    } else if (!navigator.onLine) this.#tellOffline();
    else {
      const told = ngettext(
        "Not saved yet, will retry: %(n)s answer kept here",
        "Not saved yet, will retry: %(n)s answers kept here",
        n,
      );
      this.told("waiting", this.#orLoose(interpolate(told, { n }, true)), this.#nextTry);
    }
  }

  #tellOffline() {
    const n = this.items.length;
    const told = ngettext(
      "Offline: %(n)s answer kept here until the network is back",
      "Offline: %(n)s answers kept here until the network is back",
      n,
    );
    const none = gettext("Offline: answers are kept here until the network is back");
    this.told("offline", n ? this.#orLoose(interpolate(told, { n }, true)) : none);
  }

  // What the browser would not store is kept only as long as this page is.
  #orLoose(told) {
    if (!this.items.some((item) => item.isLoose)) return told;
    return interpolate(gettext("%(told)s. The browser has no room left: leave this page open"), { told }, true);
  }

  #first() {
    const free = this.items.find((item) => !this.#stuck.has(item.fields.key));
    if (free) return free;
    const [longest] = this.#stuck;
    return this.items.find((item) => item.fields.key === longest);
  }

  // Null when the next item may be sent, else why not.
  async #send(item) {
    const reply = await post(item.url, { ...item.fields, user: this.#user });
    if (reply.lost) return this.#passed(item, reply.lost) ? null : reply.lost;
    this.#remove(item);
    if (reply.error) {
      this.#refused += 1;
      this.refused(item, reply.error);
    } else this.replied(item, reply);
    return null;
  }

  // Gives up what still waits under this key.
  drop(key) {
    for (const item of this.items.filter(({ fields }) => fields.key === key)) this.#remove(item);
  }

  #remove(item) {
    this.items = this.items.filter((other) => other !== item); // one given up on its way is not there any more
    this.#stuck.delete(item.fields.key);
    try {
      localStorage.removeItem(this.#prefix + item.at);
    } catch {
      // Nothing was stored, then.
    }
  }

  // Whether the others go on without an item that the server has failed at, in the same way, several times.
  #passed(item, { status }) {
    if (!status || this.#inOrder) return false;
    item.failures = item.status === status ? item.failures + 1 : 1;
    item.status = status;
    if (item.failures < STUBBORN) return false;
    this.#stuck.delete(item.fields.key); // now the last to be tried again
    this.#stuck.add(item.fields.key);
    return this.items.some((other) => !this.#stuck.has(other.fields.key));
  }

  #stored() {
    try {
      const names = Object.keys(localStorage).filter((name) => name.startsWith(this.#prefix));
      return names.sort().map((name) => JSON.parse(localStorage.getItem(name)));
    } catch {
      return [];
    }
  }
}

// Staying in touch: the server hears that the page is open, so that its leases are renewed, and is asked for texts
// where some are missing and for what the others did meanwhile. When the page is left, its texts are given back.

import { csrf, post } from "./label-post.js";
import { Siblings } from "./label-siblings.js";

const RENEW_EVERY = 60000; // ms; leases last ten minutes
const AHEAD = 5; // texts in the page: so many are answered without the network

export class Line {
  #sitting;
  #siblings;

  constructor(sitting) {
    this.#sitting = sitting;
    this.#siblings = new Siblings(sitting.data.store);
    const { outbox } = sitting;
    addEventListener("online", () => outbox.isEmpty && this.renew());
    addEventListener("offline", () => sitting.toldNone());
    setInterval(() => document.visibilityState === "visible" && this.renew(), RENEW_EVERY);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") return sitting.clock.hidden();
      sitting.clock.seenAgain();
      if (outbox.isEmpty) this.renew();
      else outbox.flush(); // the person may have signed in again in another tab
    });
    addEventListener("beforeunload", (event) => {
      if (!outbox.isEmpty || sitting.isBegun) event.preventDefault();
    });
    addEventListener("pagehide", () => this.#leave());
    addEventListener("pageshow", (event) => {
      if (!event.persisted) return;
      this.#siblings.join();
      this.renew();
    });
  }

  // The texts are for others now, unless answers to some of them still wait here or another tab shows them. The server
  // leaves those alone that a reload of this page has got again before this arrives.
  #leave() {
    const { data, held, outbox } = this.#sitting;
    if (held.length && outbox.isEmpty && this.#siblings.areNone) {
      const body = new URLSearchParams({ user: data.user, csrfmiddlewaretoken: csrf() });
      for (const { lease, until } of held) body.append("held", `${lease} ${until}`);
      navigator.sendBeacon(data.urls.leave, body);
    }
    this.#siblings.leave();
  }

  // Tell the server that the page is open; then ask for texts where some are missing: what a page that was asleep had
  // may be in other hands.
  async renew() {
    const told = await this.figures();
    if (told) this.#sitting.reconcile(told.texts, { handedOut: false });
    if (this.#sitting.held.length >= AHEAD) return;
    const reply = await this.#quietly("next");
    if (reply) this.#sitting.reconcile(reply.texts);
  }

  // How far the project is, with what the others did. It also renews what we hold.
  async figures() {
    const reply = await this.#quietly("status");
    if (reply) this.#sitting.tally.take(reply.progress);
    return reply;
  }

  // The reply, or null when it says nothing of use: lost, or overtaken by an answer given meanwhile.
  async #quietly(name) {
    const { data, outbox } = this.#sitting;
    const added = outbox.added;
    if (!outbox.isEmpty) return null;
    const reply = await post(data.urls[name], { user: data.user, guidelines: data.guidelines });
    return reply.lost || reply.error || added !== outbox.added || !outbox.isEmpty ? null : reply;
  }
}

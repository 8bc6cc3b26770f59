// Staying in touch: the server hears that the page is open, so that its leases are renewed, and is asked for texts where
// some are missing and for what the others did meanwhile.

import { post } from "./label-post.js";

const RENEW_EVERY = 60000; // ms; leases last ten minutes
const AHEAD = 5; // texts in the page: so many are answered without the network

export class Line {
  #sitting;

  constructor(sitting) {
    this.#sitting = sitting;
    const { outbox } = sitting;
    addEventListener("online", () => outbox.isEmpty && this.renew());
    addEventListener("offline", () => sitting.toldNone());
    setInterval(() => document.visibilityState === "visible" && this.renew(), RENEW_EVERY);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") return sitting.hidden();
      sitting.seenAgain();
      if (outbox.isEmpty) this.renew();
      else outbox.flush(); // the person may have signed in again in another tab
    });
  }

  // Tell the server that the page is open; ask for texts where some are missing.
  async renew() {
    if (this.#sitting.held.length < AHEAD) {
      const reply = await this.#quietly("next");
      if (reply) this.#sitting.reconcile(reply.texts);
    }
    const reply = await this.figures();
    if (reply) this.#sitting.reconcile(reply.texts);
  }

  // How far the project is, with what the others did. It also renews what we hold.
  async figures() {
    const reply = await this.#quietly("status");
    if (reply) this.#sitting.take(reply.progress);
    return reply;
  }

  // The reply, or null when it says nothing of use: lost, or overtaken by an answer given meanwhile.
  async #quietly(name) {
    const { data, outbox } = this.#sitting;
    const added = outbox.added;
    if (!outbox.isEmpty) return null;
    const reply = await post(data.urls[name], { user: data.user });
    return reply.lost || reply.error || added !== outbox.added || !outbox.isEmpty ? null : reply;
  }
}

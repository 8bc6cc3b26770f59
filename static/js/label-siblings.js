// Other tabs of the same person with the same project's labelling page. They hold the same texts.

import { newKey } from "./label-key-of-answer.js";

export class Siblings {
  #me = newKey();
  #others = new Set();
  #channel;

  constructor(store) {
    this.#channel = new BroadcastChannel(`${store}:pages`);
    this.#channel.onmessage = ({ data: { page, isHere } }) => {
      const isNews = isHere && !this.#others.has(page);
      if (isHere) this.#others.add(page);
      else this.#others.delete(page);
      if (isNews) this.#say(true); // it has not heard of this one
    };
    this.join();
  }

  // One that was killed is counted for ever: then texts come back when their leases end.
  get areNone() {
    return this.#others.size === 0;
  }

  join() {
    this.#say(true);
  }

  leave() {
    this.#say(false);
  }

  #say(isHere) {
    this.#channel.postMessage({ page: this.#me, isHere });
  }
}

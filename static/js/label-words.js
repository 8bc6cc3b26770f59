// Which words moved the suggestion. Asked for by the person, marked in the text, gone with the next text. For long texts
// that are held in the page it is asked beforehand, so that they can open at their most telling place.

import { post } from "./label-post.js";

const LONG = 1200; // characters, as the server counts a text as long
const ASK_AGAIN = 250; // ms
const PATIENCE = 30000; // ms

const at = (id) => document.getElementById(id);

export class Words {
  constructor(url, user, view) {
    Object.assign(this, { url, user, view });
    this.found = new Map(); // lease -> the server's answer, or a promise of it
    this.text = null; // on the screen
    at("words-button").addEventListener("click", () => this.toggle());
  }

  // Another text is on the screen: the marks of the one before are gone with it.
  shows(text, ahead) {
    this.text = text;
    this.#tell("");
    at("words-button").hidden = !this.#explains(text);
    at("words-button").setAttribute("aria-pressed", "false");
    const held = new Set([text, ...ahead].filter(Boolean).map((one) => one.lease));
    for (const lease of this.found.keys()) if (!held.has(lease)) this.found.delete(lease);
    for (const one of ahead) if (one.text.length >= LONG && this.#explains(one)) this.#ahead(one);
  }

  async toggle() {
    const text = this.text;
    if (!text || at("words-button").hidden) return;
    if (at("words-button").getAttribute("aria-pressed") === "true") return this.#plain(text);
    at("words-button").setAttribute("aria-pressed", "true");
    this.#tell(gettext("Asking the model which words moved it…"));
    const answer = await this.#ask(text);
    if (this.text !== text || at("words-button").getAttribute("aria-pressed") !== "true") return;
    if (answer.error) {
      at("words-button").setAttribute("aria-pressed", "false");
      return this.#tell(answer.error);
    }
    this.#mark(answer);
  }

  #explains(text) {
    return Boolean(text) && Object.keys(text.suggested).length > 0;
  }

  async #ahead(text) {
    const answer = await this.#ask(text);
    if (answer.telling) text.window = answer.telling;
  }

  #ask(text) {
    if (!this.found.has(text.lease)) {
      const asked = this.#answer(text);
      this.found.set(text.lease, asked);
      asked.then((answer) => answer.error && this.found.delete(text.lease)); // the next press asks again
    }
    return this.found.get(text.lease);
  }

  async #answer(text) {
    const until = performance.now() + PATIENCE;
    let again = { again: 1 }; // what failed before is tried once more, not over and over
    while (performance.now() < until) {
      const reply = await post(this.url, { lease: text.lease, user: this.user, ...again });
      again = {};
      if (reply.lost) return { error: gettext("The server does not answer. Press again in a moment.") };
      if (reply.error) return reply;
      if (reply.state === "failed") return { error: reply.reason };
      if (reply.state === "ready") return reply;
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN));
    }
    return { error: gettext("No worker has answered yet. Press again in a moment.") };
  }

  #mark({ pieces, named, label }) {
    const parts = pieces.map(([text, strength]) => {
      if (!strength) return text;
      const mark = document.createElement("mark");
      mark.className = `moved moved-${strength}`;
      mark.textContent = text;
      return mark;
    });
    at("text").replaceChildren(...parts);
    const name = this.view.names.get(label) ?? gettext("the suggestion");
    const words = pieces.filter(([, strength]) => strength).map(([text]) => text);
    const told = named
      ? gettext("Marked: without these words “%(label)s” would be less likely.")
      : gettext("No single word moved “%(label)s”.");
    this.#tell(interpolate(told, { label: name }, true));
    const spoke = gettext("Words that spoke for %(label)s: %(words)s.");
    if (named) this.view.announce(interpolate(spoke, { label: name, words: words.join(", ") }, true));
  }

  #plain(text) {
    at("words-button").setAttribute("aria-pressed", "false");
    at("text").textContent = text.text;
    this.#tell("");
  }

  #tell(sentence) {
    at("words-told").textContent = sentence;
  }
}

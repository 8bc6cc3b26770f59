// Which words moved the suggestion. Asked for by the person, marked in the text, gone with the next text. Of several
// suggested labels one after the other, the strongest first. For long texts that are held in the page it is asked
// beforehand, so that they can open at their most telling place.

import { post } from "./label-post.js";

const LONG = 1200; // characters, as the server counts a text as long
const ASK_AGAIN = 250; // ms
const PATIENCE = 30000; // ms

const at = (id) => document.getElementById(id);

export class Words {
  constructor(url, user, view) {
    Object.assign(this, { url, user, view });
    this.found = new Map(); // lease and label -> a promise of the server's answer
    this.text = null; // on the screen
    this.turn = 0; // of the suggested labels, the one whose words come next
    at("words-button").addEventListener("click", () => this.toggle());
  }

  // Another text is on the screen: the marks of the one before are gone with it.
  shows(text, ahead) {
    this.text = text;
    this.#start();
    at("words-button").hidden = !text || !suggestedOf(text).length;
    const held = new Set([text, ...ahead].filter(Boolean).flatMap((one) => suggestedOf(one).map(nameOf(one))));
    for (const asked of this.found.keys()) if (!held.has(asked)) this.found.delete(asked);
    for (const one of ahead) if (one.text.length >= LONG && suggestedOf(one).length) this.#ahead(one);
  }

  // The words of the first suggested label, of the next one, and after the last one none.
  async toggle() {
    const text = this.text;
    if (!text || at("words-button").hidden) return;
    const labels = suggestedOf(text);
    if (this.turn === labels.length) return this.#plain(text);
    const turn = ++this.turn;
    at("words-button").setAttribute("aria-pressed", "true");
    this.#tell(gettext("Asking the model which words moved it…"));
    const answer = await this.#ask(text, labels[turn - 1]);
    if (this.text !== text || this.turn !== turn) return;
    if (answer.error) {
      this.#plain(text);
      return this.#tell(answer.error);
    }
    this.#mark(answer, labels[turn]);
  }

  async #ahead(text) {
    const answer = await this.#ask(text, suggestedOf(text)[0]);
    if (answer.telling) text.window = answer.telling;
  }

  #ask(text, label) {
    const name = nameOf(text)(label);
    if (!this.found.has(name)) {
      const asked = this.#answer(text, label);
      this.found.set(name, asked);
      asked.then((answer) => answer.error && this.found.delete(name)); // the next press asks again
    }
    return this.found.get(name);
  }

  async #answer(text, label) {
    const until = performance.now() + PATIENCE;
    let again = { again: 1 }; // what failed before is tried once more, not over and over
    while (performance.now() < until) {
      const reply = await post(this.url, { lease: text.lease, label, user: this.user, ...again });
      again = {};
      if (reply.lost) return { error: gettext("The server does not answer. Press again in a moment.") };
      if (reply.error) return reply;
      if (reply.state === "failed") return { error: reply.reason };
      if (reply.state === "ready") return reply;
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN));
    }
    return { error: gettext("No worker has answered yet. Press again in a moment.") };
  }

  #mark({ pieces, named, label }, next) {
    const parts = pieces.map(([text, strength]) => {
      if (!strength) return text;
      const mark = document.createElement("mark");
      mark.className = `moved moved-${strength}`;
      mark.textContent = text;
      return mark;
    });
    at("text").replaceChildren(...parts);
    const called = (id) => this.view.names.get(id) ?? gettext("the suggestion");
    const name = called(label);
    const words = pieces.filter(([, strength]) => strength).map(([text]) => text);
    const told = named
      ? gettext("Marked: without these words “%(label)s” would be less likely.")
      : gettext("No single word moved “%(label)s”.");
    const sentences = [interpolate(told, { label: name }, true)];
    if (next) sentences.push(interpolate(gettext("Once more for “%(label)s”."), { label: called(next) }, true));
    this.#tell(sentences.join(" "));
    const spoke = gettext("Words that spoke for %(label)s: %(words)s.");
    if (named) this.view.announce(interpolate(spoke, { label: name, words: words.join(", ") }, true));
  }

  #plain(text) {
    at("text").textContent = text.text;
    this.#start();
  }

  #start() {
    this.turn = 0;
    at("words-button").setAttribute("aria-pressed", "false");
    this.#tell("");
  }

  #tell(sentence) {
    at("words-told").textContent = sentence;
  }
}

// Ids of the labels suggested for a text, the likeliest first.
function suggestedOf({ suggested }) {
  return Object.keys(suggested)
    .sort((a, b) => suggested[b] - suggested[a])
    .map(Number);
}

function nameOf({ lease }) {
  return (label) => `${lease} ${label}`;
}

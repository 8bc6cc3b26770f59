// The labels given from the list, on their way to the server: one request at a time, in the order of the presses, each
// kept in the browser until the server has it. So the last label pressed for a text is the one that stays.

import { newKey } from "./label-key-of-answer.js";
import { Outbox } from "./label-outbox.js";

const UNSENT = ["waiting", "offline", "signed-out", "refused"]; // states of an outbox in which texts wait for another try

const NO_KEY = "00000000-0000-0000-0000-000000000000"; // its place in the address of an undo

const stateOf = (pk) => document.getElementById(`state-${pk}`);

export class Answers {
  #form;
  #say;
  #outbox;
  #last = null; // what Z undoes: {key, mark}
  #button = document.getElementById("undo-act");

  // `say(sentence)` shows what became of an act.
  constructor(form, say) {
    this.#form = form;
    this.#say = say;
    this.#outbox = new Outbox(form.dataset.store, form.dataset.user, {
      told: (...what) => this.#told(...what),
      replied: (item, reply) => this.#replied(item, reply),
      refused: (item, sentence) => this.#refused(item, sentence),
      inOrder: true,
    });
    this.#tellTexts(gettext("Saving…")); // those of an earlier page
    addEventListener("beforeunload", (event) => this.#outbox.isEmpty || event.preventDefault());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#outbox.flush(); // perhaps signed in again in another tab
    });
  }

  // `fields`: {mark: ids of texts, label: ids, none, query}.
  give(fields) {
    const key = newKey();
    this.#last = { key, mark: fields.mark };
    this.#button.hidden = false;
    tell(fields.mark, gettext("Saving…"));
    this.#outbox.add("label", this.#form.action, { ...fields, key });
  }

  // Behind its act, which may still be on its way, and kept like it: a reload loses neither.
  undo() {
    if (!this.#last) return this.#say(gettext("There is nothing to undo on this page."));
    const { key, mark } = this.#last;
    this.#forget();
    this.#say(gettext("Undoing…"));
    tell(mark, gettext("Undoing…"));
    this.#outbox.add("undo", this.#form.dataset.undo.replace(NO_KEY, key), { key, mark });
  }

  #forget() {
    this.#last = null;
    this.#button.hidden = true;
  }

  #replied(item, reply) {
    for (const [pk, html] of Object.entries(reply.states)) if (!this.#waits(pk)) draw(pk, html);
    this.#say(reply.said);
    if (item.fields.key === this.#last?.key && !reply.undo) this.#forget();
  }

  #refused(item, sentence) {
    this.#say(sentence);
    if (item.fields.key === this.#last?.key) this.#forget();
    this.#outbox.drop(item.fields.key); // there is nothing for its undo to undo
    tell((item.fields.mark ?? []).filter((pk) => !this.#waits(pk)), sentence, "trouble");
  }

  // Whether a later act on this text is still on its way.
  #waits(pk) {
    return this.#outbox.items.some(({ fields }) => fields.mark?.includes(pk));
  }

  #told(state, sentence) {
    if (!UNSENT.includes(state) || !this.#outbox?.items.length) return;
    this.#say(sentence);
    this.#tellTexts(gettext("Not saved yet"));
  }

  #tellTexts(sentence) {
    for (const { fields } of this.#outbox.items) tell(fields.mark ?? [], sentence);
  }
}

function tell(texts, sentence, className = "") {
  for (const pk of texts) {
    const state = stateOf(pk); // a text of another page of the list is not here
    if (!state) continue;
    const told = document.createElement("span");
    told.className = className;
    told.textContent = sentence;
    if (className) delete state.dataset.saving;
    else state.dataset.saving = "";
    state.replaceChildren(told);
  }
}

// The page's own template, escaped by the server.
function draw(pk, html) {
  const state = stateOf(pk);
  if (!state) return;
  delete state.dataset.saving;
  state.innerHTML = html;
}

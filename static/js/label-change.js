// The form of one earlier answer, beside the text: what is said in it, as the outbox sends it.

import { newKey } from "./label-key-of-answer.js";
import { isSame } from "./label-unsaid.js";

export class Change {
  #form;
  #shownAt = performance.now();

  constructor(form) {
    this.#form = form;
    this.url = new URL(form.action).pathname;
    this.asDrawn = this.begun;
  }

  get isThere() {
    return this.#form.isConnected;
  }

  // What is ticked and written.
  get begun() {
    return { ticked: this.#boxes.filter((box) => box.checked).map((box) => Number(box.value)), comment: this.#comment.value };
  }

  get isTouched() {
    return !isSame(this.begun, this.asDrawn);
  }

  fill({ ticked, comment }) {
    for (const box of this.#boxes) box.checked = ticked.includes(Number(box.value));
    this.#comment.value = comment;
  }

  // What a press on this button says: {fields, row}, the row as the last answers show it; null where nothing is ticked.
  said(button) {
    const data = new FormData(this.#form, button);
    const status = data.get("status") ?? "labelled";
    const isNone = data.has("none");
    const labels = status === "labelled" && !isNone ? data.getAll("label").map(Number) : [];
    if (status === "labelled" && !isNone && !labels.length) return null;
    const seconds = (performance.now() - this.#shownAt) / 1000;
    const fields = { key: newKey(), status, label: labels, comment: data.get("comment").trim(), seconds };
    if (isNone) fields.none = "on";
    const text = this.#form.parentElement.querySelector(".again").textContent.trim().slice(0, 90);
    const before = this.url.split("/").at(-2); // the key of the answer that is changed
    return { fields, row: { key: fields.key, text, status, label_ids: labels, before } };
  }

  // Under the buttons, so that nothing moves.
  tell(sentence, isError = false) {
    let told = this.#form.querySelector(".told");
    if (!told) {
      told = document.createElement("p");
      told.setAttribute("role", "status");
      this.#form.append(told);
    }
    told.className = isError ? "told notice error" : "told notice";
    if (told.textContent !== sentence) told.textContent = sentence;
    told.scrollIntoView({ block: "nearest" });
  }

  get #boxes() {
    return [...this.#form.querySelectorAll("input[type=checkbox]")];
  }

  get #comment() {
    return this.#form.elements.comment;
  }
}

// What the fields of an answer say, as a form has it begun.
export function begunOf({ status, label, comment }, isMulti) {
  return { ticked: isMulti && status === "labelled" ? label : [], comment };
}

// The labels: buttons, or boxes to tick where a text may have several; the model's suggestion on them; the filter.

export class Choices {
  #all = [...document.querySelectorAll("[data-label]")];

  constructor() {
    for (const choice of this.#all) breakable(choice.querySelector(".name"));
  }

  ticked() {
    return this.#all.filter((choice) => choice.control?.checked).map((choice) => Number(choice.dataset.label));
  }

  // Whether the label is ticked now.
  tick(id) {
    const box = this.#all.find((choice) => Number(choice.dataset.label) === id).control;
    box.checked = !box.checked;
    return box.checked;
  }

  setTicked(ids) {
    for (const choice of this.#all) {
      if (choice.control) choice.control.checked = ids.includes(Number(choice.dataset.label));
    }
  }

  suggest(suggested) {
    for (const choice of this.#all) {
      const p = suggested[choice.dataset.label];
      choice.classList.toggle("guess", p !== undefined);
      choice.querySelector(".p").textContent = p === undefined ? "" : `${Math.round(100 * p)} %`;
    }
  }

  // Type to narrow the list; the first that fits is marked, Enter takes it. A name typed in full comes before longer
  // ones that hold it.
  narrow(words) {
    const wanted = words.trim().toLocaleLowerCase();
    const name = (choice) => choice.querySelector(".name").textContent.toLocaleLowerCase();
    for (const choice of this.#all) choice.hidden = !name(choice).includes(wanted);
    const fitting = wanted ? this.#all.filter((choice) => !choice.hidden) : [];
    const first = fitting.find((choice) => name(choice) === wanted) ?? fitting[0] ?? null;
    for (const choice of this.#all) choice.classList.toggle("first", choice === first);
    return first;
  }
}

// Names such as card_payment_fee_charged may break after their joints, not in the middle of a word.
function breakable(name) {
  const parts = name.textContent.split(/(?<=[_/.-])/);
  name.replaceChildren(...parts.flatMap((part) => [part, document.createElement("wbr")]));
}

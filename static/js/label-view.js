// What the labelling page draws. Texts only ever become textContent: HTML in a text is shown as text.

const at = (id) => document.getElementById(id);

export class View {
  constructor(labels) {
    this.names = new Map(labels.map((label) => [label.id, label.name]));
    this.form = at("answer");
    this.choices = [...document.querySelectorAll("[data-label]")];
    for (const choice of this.choices) this.#breakable(choice.querySelector(".name"));
    this.form.addEventListener("change", () => this.hint(""));
    this.form.addEventListener("pointerdown", () => this.hint(""));
    const more = () => this.#more();
    at("frame").addEventListener("scroll", more, { passive: true });
    new ResizeObserver(more).observe(at("frame"));
    new ResizeObserver(more).observe(at("text"));
    new ResizeObserver(more).observe(at("meta"));
  }

  text(text, ticked = []) {
    this.form.hidden = false;
    at("done").hidden = true;
    this.form.classList.remove("fetching");
    at("text").textContent = text.text;
    at("reason").textContent = text.reason;
    this.#metadata(text.metadata);
    this.#suggestions(text.suggested);
    this.#fresh(ticked);
    at("frame").scrollTop = 0;
    if (matchMedia("(max-width: 760px)").matches) scrollTo(0, 0);
  }

  fetching(sentence) {
    this.form.hidden = false;
    this.form.classList.add("fetching");
    at("text").textContent = "";
    this.why(sentence);
    this.#metadata([]);
    this.#suggestions({});
    this.#fresh([]);
  }

  get isFetching() {
    return !this.form.hidden && this.form.classList.contains("fetching");
  }

  // Why this text was asked, or why there is none.
  why(sentence) {
    if (at("reason").textContent !== sentence) at("reason").textContent = sentence;
  }

  done(progress) {
    this.form.hidden = true;
    const news = at("done").hidden;
    at("done").hidden = false;
    at("done-all").hidden = progress.labelled < progress.texts;
    at("done-now").hidden = progress.labelled >= progress.texts;
    if (news) at("done").focus();
  }

  focusText() {
    at("text").focus({ preventScroll: true });
  }

  // role=status speaks every change; only a real change of the sentence is one.
  saving(state, sentence) {
    if (at("save").textContent === sentence) return;
    at("save").dataset.state = state;
    at("save").textContent = sentence;
  }

  // Beside the button that was pressed in vain; empty takes it away.
  hint(sentence) {
    if (!at("hint")) return;
    at("hint").textContent = sentence;
    at("hint").hidden = !sentence;
  }

  // Two thirds of what is seen, so that the eye finds its place again.
  scroll(direction) {
    const frame = at("frame").scrollHeight > at("frame").clientHeight ? at("frame") : document.scrollingElement;
    frame.scrollBy({ top: direction * 0.66 * at("frame").clientHeight });
  }

  // The guidelines stand below the labels on a phone; here they come over the text.
  guidelines() {
    const prose = document.querySelector(".guidelines .prose");
    at("guide-text").replaceChildren(...prose.cloneNode(true).childNodes);
    at("guide").showModal();
  }

  announce(sentence) {
    at("live").textContent = sentence;
  }

  progress({ today, seconds_each: pace, labelled, texts }) {
    at("today").textContent = today;
    at("pace").textContent = pace === null ? "" : `· ${pace < 1 ? "under 1" : Math.round(pace)} s each`;
    at("bar").max = texts;
    at("bar").value = labelled;
    at("far").textContent = `${labelled} of ${texts} texts labelled by all`;
  }

  last(answers) {
    at("no-last").hidden = answers.length > 0;
    at("last").replaceChildren(...answers.map((answer) => this.#lastRow(answer)));
  }

  said({ status, label_ids: ids }) {
    if (status !== "labelled") return status;
    return ids.map((id) => this.names.get(id) ?? "a deleted label").join(", ") || "none of these";
  }

  ticked() {
    return this.choices.filter((choice) => choice.control?.checked).map((choice) => Number(choice.dataset.label));
  }

  // Type to filter; the first that fits is marked, Enter takes it. A name typed in full comes before longer ones that
  // hold it.
  filter(words) {
    const wanted = words.trim().toLocaleLowerCase();
    const name = (choice) => choice.querySelector(".name").textContent.toLocaleLowerCase();
    for (const choice of this.choices) choice.hidden = !name(choice).includes(wanted);
    const fitting = wanted ? this.choices.filter((choice) => !choice.hidden) : [];
    const first = fitting.find((choice) => name(choice) === wanted) ?? fitting[0] ?? null;
    for (const choice of this.choices) choice.classList.toggle("first", choice === first);
    return first;
  }

  // Names such as card_payment_fee_charged may break after their joints, not in the middle of a word.
  #breakable(name) {
    const parts = name.textContent.split(/(?<=[_/.-])/);
    name.replaceChildren(...parts.flatMap((part) => [part, document.createElement("wbr")]));
  }

  #more() {
    const frame = at("frame");
    frame.classList.toggle("more", frame.scrollHeight - frame.scrollTop - frame.clientHeight > 8);
  }

  #lastRow(answer) {
    const row = document.createElement("li");
    if (answer.label_ids.length) row.className = `label-${answer.label_ids[0]}`;
    const [dot, said, head] = ["dot", "said", "head"].map((name) => {
      const part = document.createElement("span");
      part.className = name;
      return part;
    });
    said.textContent = this.said(answer);
    head.textContent = answer.text;
    head.dir = "auto";
    row.append(dot, said, head);
    return row;
  }

  #metadata(pairs) {
    at("meta").hidden = pairs.length === 0;
    const parts = pairs.flatMap(([name, value]) => {
      const term = document.createElement("dt");
      const definition = document.createElement("dd");
      term.textContent = name;
      definition.textContent = value;
      return [term, definition];
    });
    at("meta").querySelector("dl").replaceChildren(...parts);
  }

  #suggestions(suggested) {
    for (const choice of this.choices) {
      const p = suggested[choice.dataset.label];
      choice.classList.toggle("guess", p !== undefined);
      choice.querySelector(".p").textContent = p === undefined ? "" : `${Math.round(100 * p)} %`;
    }
  }

  #fresh(ticked) {
    for (const choice of this.choices) {
      if (choice.control) choice.control.checked = ticked.includes(Number(choice.dataset.label));
    }
    this.hint("");
    at("comment").value = "";
    at("remark").open = false;
  }
}

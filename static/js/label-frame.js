// The frame around the text: it scrolls inside, so that the labels stay where they are. Texts only ever become
// textContent: HTML in a text is shown as text.

const at = (id) => document.getElementById(id);

export class Frame {
  #frame = at("frame");

  constructor() {
    const more = () => this.#more();
    this.#frame.addEventListener("scroll", more, { passive: true });
    for (const part of [this.#frame, at("text"), at("meta")]) new ResizeObserver(more).observe(part);
  }

  text(text) {
    at("text").textContent = text.text;
    this.#metadata(text.metadata);
    this.#frame.scrollTop = 0;
    if (matchMedia("(max-width: 760px)").matches) scrollTo(0, 0);
  }

  empty() {
    at("text").textContent = "";
    this.#metadata([]);
  }

  focus() {
    at("text").focus({ preventScroll: true });
  }

  // Two thirds of what is seen, so that the eye finds its place again.
  scroll(direction) {
    const { clientHeight, scrollHeight } = this.#frame;
    const scroller = scrollHeight > clientHeight ? this.#frame : document.scrollingElement;
    scroller.scrollBy({ top: direction * 0.66 * clientHeight });
  }

  #more() {
    const { scrollHeight, scrollTop, clientHeight } = this.#frame;
    this.#frame.classList.toggle("more", scrollHeight - scrollTop - clientHeight > 8);
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
}

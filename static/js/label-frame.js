// The frame around the text: it scrolls inside, so that the labels stay where they are; on a phone the page scrolls.
// Texts only ever become textContent: HTML in a text is shown as text.

const at = (id) => document.getElementById(id);
const NARROW = "(max-width: 760px)";
const ABOVE = 72; // px left above the place that a text is opened at: there the button to its start lies over the text

export class Frame {
  #frame = at("frame");
  #answering = document.querySelector(".answering");

  constructor() {
    const more = () => this.#more();
    this.#frame.addEventListener("scroll", more, { passive: true });
    addEventListener("scroll", more, { passive: true });
    at("remark").addEventListener("toggle", more);
    for (const part of [this.#frame, at("text"), at("meta")]) new ResizeObserver(more).observe(part);
  }

  // `window`: [start, end] in characters (code points): where the text is opened; it may be absent.
  text({ text, window: telling, metadata }) {
    at("text").textContent = text;
    this.#metadata(metadata);
    this.#frame.scrollTop = 0;
    if (matchMedia(NARROW).matches) scrollTo(0, 0);
    delete at("text").dataset.window;
    if (telling) this.#openAt(text, telling);
    this.#more();
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
    this.#scroller.scrollBy({ top: direction * 0.66 * Math.min(this.#frame.clientHeight, innerHeight) });
  }

  toStart() {
    this.#scroller.scrollTo({ top: 0 });
  }

  toEnd() {
    this.#scroller.scrollTo({ top: this.#scroller.scrollHeight });
  }

  get #scroller() {
    const { clientHeight, scrollHeight } = this.#frame;
    return scrollHeight > clientHeight + 1 ? this.#frame : document.scrollingElement;
  }

  #openAt(text, [start, end]) {
    const characters = [...text];
    const parts = [characters.slice(0, start), characters.slice(start, end), characters.slice(end)];
    const place = document.createElement("span");
    const [before, within, after] = parts.map((part) => part.join(""));
    place.textContent = within;
    at("text").replaceChildren(before, place, after);
    at("text").dataset.window = `${start}-${end}`;
    const scroller = this.#scroller;
    const top = scroller === this.#frame ? scroller.getBoundingClientRect().top : 0;
    scroller.scrollBy({ top: place.getBoundingClientRect().top - top - ABOVE, behavior: "instant" });
  }

  // How much of the text lies below what is seen, as a mark at the lower edge; and whether its start is out of sight.
  #more() {
    const { scrollHeight, scrollTop, clientHeight } = this.#frame;
    const inside = scrollHeight - clientHeight > 1;
    const bottom = at("text").getBoundingClientRect().bottom;
    const edge = this.#answering.getBoundingClientRect().top;
    const below = inside ? scrollHeight - scrollTop - clientHeight : bottom - edge;
    const isMore = below > 8;
    const share = Math.max(1, Math.round((100 * below) / (inside ? scrollHeight : at("text").offsetHeight || 1)));
    const told = gettext("↓ %(share)s of the text below");
    const mark = isMore ? interpolate(told, { share: `${share} %` }, true) : "";
    for (const part of [this.#frame, this.#answering]) {
      part.classList.toggle("more", isMore);
      part.dataset.below = mark;
    }
    at("from-start").hidden = !at("text").dataset.window || this.#scroller.scrollTop < ABOVE;
  }

  #metadata(pairs) {
    at("meta").hidden = pairs.length === 0;
    const parts = pairs.flatMap(([name, value]) => {
      const term = document.createElement("dt");
      const definition = document.createElement("dd");
      term.textContent = name;
      definition.textContent = value;
      definition.dir = "auto";
      return [term, definition];
    });
    at("meta").querySelector("dl").replaceChildren(...parts);
  }
}

// Whether what was answered is saved: in words that are spoken when they change, and the seconds to the next try.

const at = (id) => document.getElementById(id);

export class Saved {
  #ticking = 0;

  // role=status speaks every change of #save; only a real change of the sentence is one. The seconds stand beside it.
  tell(state, sentence, nextTry) {
    clearInterval(this.#ticking);
    const tick = () => {
      const seconds = nextTry === null ? 0 : Math.ceil((nextTry - performance.now()) / 1000);
      at("retry").textContent = seconds > 0 ? interpolate(gettext("in %(seconds)s s"), { seconds }, true) : "";
    };
    tick();
    if (nextTry !== null) this.#ticking = setInterval(tick, 1000);
    at("try-now").hidden = nextTry === null;
    if (at("save").textContent === sentence) return;
    at("save").dataset.state = state;
    at("save").textContent = sentence;
  }
}

// One's earlier answers beside the text, where the window is wide enough; elsewhere the links lead to their page. The
// server draws the list and each answer; htmx swaps them inside the panel.

const WIDE = "(min-width: 761px)";
const at = (id) => document.getElementById(id);

export class History {
  #view;
  #isList = false;

  constructor(sitting, view) {
    this.#view = view;
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-look-back]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !matchMedia(WIDE).matches) return;
      event.preventDefault();
      this.#open(link.href);
    });
    at("history-close").addEventListener("click", () => this.close());
    const body = at("history-body");
    body.addEventListener("htmx:afterRequest", ({ detail }) => {
      if (!detail.successful) this.#failed(detail.xhr?.status);
      else if (detail.requestConfig.verb === "post") sitting.line.renew();
    });
    body.addEventListener("htmx:afterSwap", () => this.#swapped());
    // What was just saved belongs on top of the list, unless somebody is busy in it.
    document.addEventListener("labeller:saved", () => {
      const isBusy = at("history").contains(document.activeElement);
      if (this.isOpen && this.#isList && !isBusy) this.#load(at("all-answers").href);
    });
  }

  get isOpen() {
    return !at("history").hidden;
  }

  toggle() {
    if (this.isOpen) this.close();
    else if (matchMedia(WIDE).matches) this.#open(at("all-answers").href);
    else location.assign(at("all-answers").href);
  }

  close() {
    at("history").hidden = true;
    at("history-body").replaceChildren();
    at("beside").classList.remove("looking-back");
    this.#view.frame.focus();
  }

  #open(url) {
    at("history").hidden = false;
    at("beside").classList.add("looking-back");
    at("history-title").focus();
    this.#load(url);
  }

  #load(url) {
    htmx.ajax("GET", url, { source: "#history-body", target: "#history-body", swap: "innerHTML show:none" });
  }

  // What had the focus may be gone: it stays in the panel.
  #swapped() {
    this.#isList = at("history-body").querySelector(".past-answers") !== null;
    if (document.activeElement === document.body) at("history-title").focus();
  }

  #failed(status) {
    const isUnsaved = status === 404;
    const sentence = isUnsaved
      ? gettext("This answer has not reached the server yet. Press H twice to try again.")
      : gettext("The answers could not be fetched. Press H twice to try again.");
    const notice = document.createElement("p");
    notice.setAttribute("role", "alert");
    notice.textContent = sentence;
    at("history-body").replaceChildren(notice);
  }
}

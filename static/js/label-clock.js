// How long the text on the screen has been looked at. Time in which nobody saw the page does not count.

export class Clock {
  #hiddenFor = 0; // ms
  #hiddenSince = 0;

  constructor() {
    this.start();
    if (document.visibilityState === "hidden") this.hidden(); // opened in a tab behind this one
  }

  // Another text is on the screen.
  start() {
    this.shownAt = performance.now();
    this.#hiddenFor = 0;
  }

  get seconds() {
    return Math.max(0, (performance.now() - this.shownAt - this.#hiddenFor) / 1000).toFixed(2);
  }

  hidden() {
    this.#hiddenSince = performance.now();
  }

  seenAgain() {
    if (this.#hiddenSince) this.#hiddenFor += performance.now() - Math.max(this.#hiddenSince, this.shownAt);
    this.#hiddenSince = 0;
  }
}

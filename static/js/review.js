// Keys of the review. Every one presses a control that is on the page; without this file all works by mouse and Tab.

import { isSilenced, meanings } from "./keystroke.js";

const opened = performance.now();
const form = document.getElementById("decide");
const press = (id) => document.getElementById(id)?.click();

// What was pressed twice must not choose between two people: that takes a button.
const isMeanwhile = () => document.getElementById("meanwhile") !== null;

// Boxes of which none is ticked say nothing: that no label fits is said by a button of its own.
const isUnsaid = () =>
  form.querySelector("[name=label][type=checkbox]") !== null && !form.querySelector("[name=label]:checked");

const hint = (sentence) => {
  if (document.getElementById("hint")) document.getElementById("hint").textContent = sentence;
};

form?.addEventListener("change", () => hint(""));

form?.addEventListener("submit", (event) => {
  if (isUnsaid() && event.submitter?.name !== "none") {
    event.preventDefault();
    hint(gettext("No label is ticked. Tick every label that fits, or press “None of these”."));
    return;
  }
  form.elements.seconds.value = ((performance.now() - opened) / 1000).toFixed(1);
});

// Many labels share few keys with nothing else: those of the page come after those of the labels.
const ACTS = {
  s: () => press("later"),
  k: () => isMeanwhile() || press("keep-button"),
  0: () => press("none-button"),
  z: () => document.querySelector("#undo button")?.click(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const box = event.target.closest("textarea, input:not([type=radio], [type=checkbox]), select");
  if (box) return;
  if (event.key === "Enter" && !event.target.closest("a, button, summary")) {
    event.preventDefault();
    if (!event.repeat && !isMeanwhile()) press("decide-button");
    return;
  }
  if (isSilenced(event)) return;
  const keys = meanings(event);
  const label = [...(form?.querySelectorAll("[data-key]") ?? [])].find((input) => keys.includes(input.dataset.key));
  const key = keys.find((one) => ACTS[one]);
  if (label) {
    event.preventDefault();
    if (event.repeat) return;
    label.click();
    label.focus();
  } else if (key && !event.repeat) {
    event.preventDefault();
    ACTS[key]();
  }
});

// The learning curve. The server sends a Vega-Lite specification; this file gives it the page's colours, draws it,
// redraws it when there is a newer model, and saves it as a file. Without it the table says the same.

import { NO_LIBRARY, OPTIONS, coloured, notDrawn, passOverEmpty, refused, saveAs } from "./drawing.js";

const figure = document.getElementById("curve");
const canvas = document.getElementById("curve-canvas");
const trouble = figure.querySelector(".chart-trouble");

let shown = null; // what vega-embed returned
let turn = 0; // only the newest request may draw
let drawnKinds = new Set(); // of models and lines in the drawn picture
let drawnFrom = null; // the figures that the drawn picture was made from

const standing = () => document.getElementById("standing");
const form = figure.querySelector("form");
const metric = () => figure.querySelector("[name=metric]:checked");
const ofLabel = document.getElementById("curve-label");

// What was asked for, as the server takes it: a label only where one label is meant.
function query() {
  const asked = new URLSearchParams(new FormData(form));
  if (metric().value !== "label_f1") asked.delete("label");
  return asked;
}

function say(sentence) {
  trouble.textContent = sentence;
  trouble.hidden = !sentence;
}

async function draw() {
  figure.hidden = standing().dataset.points === "0";
  if (figure.hidden) return;
  if (!window.vegaEmbed) {
    say(NO_LIBRARY);
    return;
  }
  const mine = ++turn;
  try {
    const answer = await fetch(`${figure.dataset.spec}?${query()}`);
    if (!answer.ok) throw refused(answer);
    const spec = coloured(await answer.json());
    if (mine !== turn) return;
    const before = shown;
    const state = `${metric().value} ${standing().dataset.newest}`;
    shown = await window.vegaEmbed(canvas, spec, OPTIONS);
    passOverEmpty(canvas);
    drawnKinds = new Set(spec.data.values.map((point) => point.kind));
    if (spec.layer.some((layer) => layer.name === "changes")) drawnKinds.add("changes");
    before?.finalize();
    figure.dataset.drawn = state;
    drawnFrom = standing().dataset.figures;
    for (const button of figure.querySelectorAll("[data-save]")) button.hidden = false;
    describe();
    say("");
  } catch (error) {
    if (mine === turn) say(notDrawn(error));
  }
}

// The caption, the key and the links say what is drawn.
function describe() {
  const name = figure.querySelector(`label[for=${metric().id}]`).textContent;
  const single = metric().value === "label_f1" ? ofLabel.selectedOptions[0]?.textContent : null;
  document.getElementById("curve-metric").textContent = single ? interpolate(gettext("F1 of %(label)s"), { label: single }, true) : name;
  const numbers = document.getElementById("curve-numbers");
  numbers.href = `${numbers.pathname}?${query()}`;
  for (const part of figure.querySelectorAll("[data-line]")) part.hidden = !part.dataset.kinds.split(";").some((kind) => drawnKinds.has(kind));
  // A line that came while the page was open is offered from then on.
  for (const choice of figure.querySelectorAll("[data-until]")) if (drawnKinds.has(choice.dataset.until)) choice.hidden = false;
}

figure.addEventListener("change", (event) => {
  if (event.target === ofLabel) document.getElementById("metric-label_f1").checked = true;
  draw();
});
form.addEventListener("submit", (event) => event.preventDefault());
figure.addEventListener("click", (event) => {
  const kind = event.target.dataset.save;
  if (kind && shown) saveAs(kind, `${figure.dataset.spec}?${query()}`, metric().value).catch((error) => say(error.message));
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

// The live part was replaced: draw again only if it brought another model.
document.body.addEventListener("htmx:afterSettle", () => {
  if (drawnFrom !== standing().dataset.figures) draw();
});

draw();

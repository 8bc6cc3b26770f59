// The learning curve. The server sends a Vega-Lite specification; this file gives it the page's colours, draws it,
// redraws it when there is a newer model, and saves it as a file. Without it the table says the same.

import { NO_LIBRARY, OPTIONS, coloured, saveAs } from "./drawing.js";

const figure = document.getElementById("curve");
const canvas = document.getElementById("curve-canvas");
const trouble = figure.querySelector(".chart-trouble");

let shown = null; // what vega-embed returned
let turn = 0; // only the newest request may draw

const standing = () => document.getElementById("standing");
const metric = () => figure.querySelector("[name=metric]:checked");

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
    const answer = await fetch(`${figure.dataset.spec}?metric=${metric().value}`);
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    const spec = coloured(await answer.json());
    if (mine !== turn) return;
    const before = shown;
    shown = await window.vegaEmbed(canvas, spec, OPTIONS);
    before?.finalize();
    figure.dataset.drawn = `${metric().value} ${standing().dataset.newest}`;
    for (const button of figure.querySelectorAll("[data-save]")) button.hidden = false;
    document.getElementById("curve-metric").textContent = figure.querySelector(`label[for=${metric().id}]`).textContent;
    say("");
  } catch (error) {
    if (mine === turn) say(`The chart could not be drawn (${error.message}). The table below has the numbers.`);
  }
}

figure.addEventListener("change", draw);
figure.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
figure.addEventListener("click", (event) => {
  const kind = event.target.dataset.save;
  if (kind && shown) saveAs(kind, shown.view, metric().value);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

// The live part was replaced: draw again only if it brought another model.
document.body.addEventListener("htmx:afterSettle", () => {
  if (figure.dataset.drawn?.split(" ")[1] !== standing().dataset.newest) draw();
});

draw();

// Charts that stand still: each figure names the address of its specification, is drawn in the page's colours, and can
// be saved. A newer page may have been put in the place of this one: its figures are drawn too. Without this the tables
// below say the same.

import { NO_LIBRARY, OPTIONS, coloured, notDrawn, passOverEmpty, refused, saveAs } from "./drawing.js";

const shown = new WeakMap(); // figure -> what vega-embed returned

function say(figure, sentence) {
  const trouble = figure.querySelector(".chart-trouble");
  trouble.textContent = sentence;
  trouble.hidden = !sentence;
}

async function draw(figure) {
  if (!window.vegaEmbed) return say(figure, NO_LIBRARY);
  try {
    const answer = await fetch(figure.dataset.chart);
    if (!answer.ok) throw refused(answer);
    const spec = coloured(await answer.json());
    const before = shown.get(figure);
    const canvas = figure.querySelector(".canvas");
    shown.set(figure, await window.vegaEmbed(canvas, spec, OPTIONS));
    passOverEmpty(canvas);
    before?.finalize();
    figure.dataset.drawn = "yes";
    for (const button of figure.querySelectorAll("[data-save]")) button.hidden = false;
    say(figure, "");
  } catch (error) {
    say(figure, notDrawn(error));
  }
}

const all = () => document.querySelectorAll("figure[data-chart]");

document.addEventListener("click", (event) => {
  const figure = event.target.closest("figure[data-chart]");
  const kind = event.target.dataset.save;
  if (figure && kind) saveAs(kind, figure.dataset.chart, figure.dataset.name).catch((error) => say(figure, error.message));
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => all().forEach(draw));
document.body.addEventListener("htmx:afterSettle", () => {
  for (const figure of all()) if (!figure.dataset.drawn) draw(figure);
});

all().forEach(draw);

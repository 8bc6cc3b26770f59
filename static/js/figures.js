// Charts that stand still: each figure names the address of its specification, is drawn in the page's colours, and can
// be saved. Without this the tables below say the same.

import { NO_LIBRARY, OPTIONS, coloured, passOverEmpty, saveAs } from "./drawing.js";

for (const figure of document.querySelectorAll("figure[data-chart]")) {
  const canvas = figure.querySelector(".canvas");
  const trouble = figure.querySelector(".chart-trouble");
  let shown = null;

  const say = (sentence) => {
    trouble.textContent = sentence;
    trouble.hidden = !sentence;
  };

  const draw = async () => {
    if (!window.vegaEmbed) return say(NO_LIBRARY);
    try {
      const answer = await fetch(figure.dataset.chart);
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      const spec = coloured(await answer.json());
      const before = shown;
      shown = await window.vegaEmbed(canvas, spec, OPTIONS);
      passOverEmpty(canvas);
      before?.finalize();
      figure.dataset.drawn = "yes";
      for (const button of figure.querySelectorAll("[data-save]")) button.hidden = false;
      say("");
    } catch (error) {
      say(`The chart could not be drawn (${error.message}). The table below has the numbers.`);
    }
  };

  figure.addEventListener("click", (event) => {
    const kind = event.target.dataset.save;
    if (kind && shown) saveAs(kind, shown.view, figure.dataset.name);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
}

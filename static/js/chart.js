// The learning curve. The server sends a Vega-Lite specification; this file gives it the page's colours, draws it,
// redraws it when there is a newer model, and saves it as a file. Without it the table says the same.

const figure = document.getElementById("curve");
const canvas = document.getElementById("curve-canvas");
const trouble = figure.querySelector(".chart-trouble");
const OPTIONS = {
  mode: "vega-lite",
  renderer: "svg",
  ast: true, // expressions are interpreted, not compiled: the page forbids eval
  actions: false,
  defaultStyle: false,
  tooltip: { disableDefaultStyle: true },
};

let shown = null; // what vega-embed returned
let turn = 0; // only the newest request may draw
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

function coloured(spec) {
  const style = getComputedStyle(document.documentElement);
  for (const param of spec.params) param.value = style.getPropertyValue(`--${param.name}`).trim() || param.value;
  spec.config.font = getComputedStyle(document.body).fontFamily;
  return spec;
}

function say(sentence) {
  trouble.textContent = sentence;
  trouble.hidden = !sentence;
}

async function draw() {
  figure.hidden = standing().dataset.points === "0";
  if (figure.hidden) return;
  if (!window.vegaEmbed) {
    say("The chart library is missing on this server: run “python manage.py build_charts”. The table below has the numbers.");
    return;
  }
  const mine = ++turn;
  try {
    const answer = await fetch(`${figure.dataset.spec}?${query()}`);
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    const spec = coloured(await answer.json());
    if (mine !== turn) return;
    const before = shown;
    const state = `${metric().value} ${standing().dataset.newest}`;
    shown = await window.vegaEmbed(canvas, spec, OPTIONS);
    before?.finalize();
    figure.dataset.drawn = state;
    drawnFrom = standing().dataset.figures;
    for (const button of figure.querySelectorAll("[data-save]")) button.hidden = false;
    describe();
    say("");
  } catch (error) {
    if (mine === turn) say(`The chart could not be drawn (${error.message}). The table below has the numbers.`);
  }
}

// The caption, the key and the links say what is drawn.
function describe() {
  const name = figure.querySelector(`label[for=${metric().id}]`).textContent;
  const single = metric().value === "label_f1" ? ofLabel.selectedOptions[0]?.textContent : null;
  document.getElementById("curve-metric").textContent = single ? `F1 of ${single}` : name;
  const numbers = document.getElementById("curve-numbers");
  numbers.href = `${numbers.pathname}?${query()}`;
  for (const part of figure.querySelectorAll("[data-line]")) part.hidden = single !== null || !query().getAll("line").includes(part.dataset.line);
}

async function save(kind) {
  if (!shown) return;
  const link = document.createElement("a");
  link.download = `${metric().value}.${kind}`;
  if (kind === "svg") link.href = URL.createObjectURL(new Blob([await shown.view.toSVG()], { type: "image/svg+xml" }));
  else link.href = (await shown.view.toCanvas(2)).toDataURL("image/png");
  link.click();
  if (kind === "svg") setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

figure.addEventListener("change", (event) => {
  if (event.target === ofLabel) document.getElementById("metric-label_f1").checked = true;
  draw();
});
form.addEventListener("submit", (event) => event.preventDefault());
figure.addEventListener("click", (event) => {
  const kind = event.target.dataset.save;
  if (kind) save(kind);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

// The live part was replaced: draw again only if it brought another model, and put scrolled tables back in place.
const places = new Map();
document.body.addEventListener("htmx:oobBeforeSwap", () => {
  for (const box of document.querySelectorAll("[data-keeps-place]")) {
    places.set(box.dataset.keepsPlace, [box.scrollLeft, box.scrollTop]);
  }
  for (const fold of document.querySelectorAll("#tables details[id]")) places.set(fold.id, fold.open);
});
document.body.addEventListener("htmx:oobAfterSwap", () => {
  for (const box of document.querySelectorAll("[data-keeps-place]")) {
    [box.scrollLeft, box.scrollTop] = places.get(box.dataset.keepsPlace) ?? [0, 0];
  }
  for (const fold of document.querySelectorAll("#tables details[id]")) fold.open = places.get(fold.id) ?? false;
});
document.body.addEventListener("htmx:afterSettle", () => {
  if (drawnFrom !== standing().dataset.figures) draw();
});

draw();

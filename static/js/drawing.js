// How every chart is drawn: by vega-embed, in the page's own colours, under a policy that forbids eval.

export const OPTIONS = {
  mode: "vega-lite",
  renderer: "svg",
  ast: true, // expressions are interpreted, not compiled: the page forbids eval
  actions: false,
  defaultStyle: false,
  tooltip: { disableDefaultStyle: true },
};

export const NO_LIBRARY = gettext(
  "The chart library is missing on this server: run “python manage.py build_charts”. The table below has the numbers.",
);

export const refused = (answer) =>
  new Error(interpolate(gettext("the server answered %(status)s"), { status: answer.status }, true));

export const notDrawn = (error) =>
  interpolate(gettext("The chart could not be drawn (%(reason)s). The table below has the numbers."), { reason: error.message }, true);

export function coloured(spec) {
  const style = getComputedStyle(document.documentElement);
  for (const param of spec.params) param.value = style.getPropertyValue(`--${param.name}`).trim() || param.value;
  spec.config.font = getComputedStyle(document.body).fontFamily;
  return spec;
}

// Vega calls also those groups graphics that have no marks, and no name: a screen reader would stop at nothing.
export function passOverEmpty(canvas) {
  for (const group of canvas.querySelectorAll("[role=graphics-symbol]:not([aria-label])")) {
    group.removeAttribute("role");
    group.removeAttribute("aria-roledescription");
  }
}

// The picture as it is taken away: with title and key, in light colours on white whatever the page looks like. The
// server sends it so; it is drawn out of sight.
export async function saveAs(kind, address, name) {
  const answer = await fetch(`${address}${address.includes("?") ? "&" : "?"}saved=1`);
  if (!answer.ok)
    throw new Error(
      interpolate(gettext("The picture could not be saved: the server answered %(status)s."), { status: answer.status }, true),
    );
  const { view, finalize } = await window.vegaEmbed(document.createElement("div"), await answer.json(), OPTIONS);
  const link = document.createElement("a");
  link.download = `${name}.${kind}`;
  if (kind === "svg") link.href = URL.createObjectURL(new Blob([await view.toSVG()], { type: "image/svg+xml" }));
  else link.href = (await view.toCanvas(2)).toDataURL("image/png");
  link.click();
  finalize();
  if (kind === "svg") setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

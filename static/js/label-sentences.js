// What a sitting says of texts and answers, in whole sentences.

const SPOKEN = 400; // characters of a text: whoever wants the rest reads it
const NAMED = 60; // characters of a text by which it is named

export function whyGone({ isAnswered }) {
  if (isAnswered) return gettext("Undone. Your earlier answer to that text stands again. Here is another.");
  return gettext("Somebody else took that text while this page was asleep. Here is another.");
}

// An answer that was refused: what it said, of which text, and the reason.
export function unsaved(text, said, why) {
  const named = text.length > NAMED ? `${text.slice(0, NAMED).trimEnd()}…` : text;
  return interpolate(gettext("Not saved: %(said)s for “%(text)s”. %(why)s"), { said, text: named, why }, true);
}

// What is spoken when a text comes: what was done before, what the model suggests, and how the text begins.
export function spoken(said, { text, suggested }, names) {
  const before = [said, hint(suggested, names)].filter(Boolean).join(" ");
  if (text.length <= SPOKEN) return `${before} ${text}`.trim();
  const goesOn = gettext("%(said)s %(text)s … The text goes on.");
  return interpolate(goesOn, { said: before, text: text.slice(0, SPOKEN) }, true).trim();
}

// What is seen on the labels' buttons.
function hint(suggested, names) {
  const known = Object.entries(suggested).filter(([id]) => names.has(Number(id)));
  const labels = known.map(([id, p]) => `${names.get(Number(id))} ${Math.round(100 * p)} %`).join(", ");
  return labels && interpolate(gettext("The model suggests: %(labels)s."), { labels }, true);
}

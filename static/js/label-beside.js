// What stands beside the text: today's figures and the last answers.

const at = (id) => document.getElementById(id);

export class Beside {
  #names;
  #answersUrl;

  // `names`: label id -> name. `answersUrl` and an answer's key are the address at which it can be changed.
  constructor(names, answersUrl) {
    this.#names = names;
    this.#answersUrl = answersUrl;
  }

  progress({ today, seconds_each: pace, labelled, texts }) {
    at("today").textContent = today;
    at("pace").textContent = pace === null ? "" : `· ${paceOf(pace)}`;
    at("bar").max = texts;
    at("bar").value = labelled;
    const figures = { n: labelled, texts };
    at("far").textContent = interpolate(gettext("%(n)s of %(texts)s texts labelled by all"), figures, true);
  }

  last(answers) {
    at("no-last").hidden = answers.length > 0;
    at("last").replaceChildren(...answers.map((answer) => this.#row(answer)));
  }

  said({ status, label_ids: ids }) {
    if (status === "skipped") return pgettext("answer", "skipped");
    if (status === "unsure") return pgettext("answer", "unsure");
    return ids.map((id) => this.#names.get(id) ?? gettext("a deleted label")).join(", ") || gettext("none of these");
  }

  #row(answer) {
    const row = document.createElement("li");
    if (answer.label_ids.length) row.className = `label-${answer.label_ids[0]}`;
    const link = document.createElement("a");
    link.href = `${this.#answersUrl}${answer.key}/`;
    link.dataset.lookBack = "";
    const [dot, said, head] = ["dot", "said", "head"].map((name) => {
      const part = document.createElement("span");
      part.className = name;
      return part;
    });
    said.textContent = this.said(answer);
    head.textContent = answer.text;
    head.dir = "auto";
    head.lang = at("text").lang;
    link.append(dot, said, head);
    row.append(link);
    return row;
  }
}

function paceOf(seconds) {
  if (seconds < 1) return gettext("under 1 s each");
  return interpolate(gettext("%(seconds)s s each"), { seconds: Math.round(seconds) }, true);
}

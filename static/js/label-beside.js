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
    at("pace").textContent = pace === null ? "" : `· ${pace < 1 ? "under 1" : Math.round(pace)} s each`;
    at("bar").max = texts;
    at("bar").value = labelled;
    at("far").textContent = `${labelled} of ${texts} texts labelled by all`;
  }

  last(answers) {
    at("no-last").hidden = answers.length > 0;
    at("last").replaceChildren(...answers.map((answer) => this.#row(answer)));
  }

  said({ status, label_ids: ids }) {
    if (status !== "labelled") return status;
    return ids.map((id) => this.#names.get(id) ?? "a deleted label").join(", ") || "none of these";
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
    link.append(dot, said, head);
    row.append(link);
    return row;
  }
}

// Says a sentence aloud only when it is another one. The page is refreshed often; a live region around what is replaced
// would read everything again each time. `data-says` names the elements whose words are the sentence.

const told = new Map(); // region -> the words it stands for

const words = (region) =>
  [...document.querySelectorAll(region.dataset.says)].map((part) => part.textContent.trim().replace(/\s+/g, " ")).join(" ");

for (const region of document.querySelectorAll("[data-says]")) told.set(region, words(region));

document.body.addEventListener("htmx:afterSettle", () => {
  for (const [region, before] of told) {
    const now = words(region);
    if (now === before) continue;
    told.set(region, now);
    region.textContent = now;
  }
});

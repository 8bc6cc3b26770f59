// What a press of a key may mean, on keyboards of any script; and the switch that turns keys of one character off: a
// voice that dictates, or a hand that slips, presses them unmeant (WCAG 2.1.4).

const STORE = "labeller:single-keys-off";
const LATIN = /^[\x20-\x7e]/;
const box = document.getElementById("single-keys"); // null on a page that has nothing to press keys for

const isStored = () => {
  try {
    return localStorage.getItem(STORE) !== null;
  } catch {
    return false; // private mode: the switch holds for this page
  }
};

let areOff = false;

function take(off) {
  areOff = off;
  document.documentElement.classList.toggle("keys-off", off);
  if (box) box.checked = !off;
}

take(isStored());
addEventListener("storage", ({ key }) => key === STORE && take(isStored())); // switched in another tab

if (box) box.closest("[hidden]")?.removeAttribute("hidden");
box?.addEventListener("change", () => {
  take(!box.checked);
  try {
    if (areOff) localStorage.setItem(STORE, "off");
    else localStorage.removeItem(STORE);
  } catch {
    // It holds for this page.
  }
});

// Whether the page leaves this press alone. Space scrolls as it does everywhere.
export function isSilenced({ key }) {
  return areOff && [...key].length === 1 && key !== " ";
}

// In lower case, the likeliest first: the character; in another script the Latin letter on the key's cap; and the digit
// on it, which a French keyboard gives with Shift only.
export function meanings({ key, code, shiftKey }) {
  const letter = LATIN.test(key) ? "" : code.match(/^Key([A-Z])$/)?.[1].toLowerCase();
  const digit = shiftKey ? "" : code.match(/^Digit([0-9])$/)?.[1];
  return [key.toLowerCase(), letter, digit].filter(Boolean);
}

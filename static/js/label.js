// The labelling page. The page holds five texts: the one being read and the next ones; an answer shows the next in
// the same frame and is saved in the background, in order, by the outbox.

import { History } from "./label-history.js";
import { listenToKeys } from "./label-keys.js";
import { listenToPointer } from "./label-pointer.js";
import { Sitting } from "./label-sitting.js";
import { View } from "./label-view.js";

window.history.scrollRestoration = "manual"; // after a reload another text may stand here
const data = JSON.parse(document.getElementById("label-data").textContent);
const view = new View(data);
const sitting = new Sitting(data, view);
const history = new History(sitting, view);
listenToPointer(sitting, view);
listenToKeys(sitting, view, history);
if (sitting.held.length) view.frame.focus();

// The labelling page. The page holds five texts: the one being read and the next ones; an answer shows the next in
// the same frame and is saved in the background, in order, by the outbox.

import { listenToKeys } from "./label-keys.js";
import { listenToPointer } from "./label-pointer.js";
import { Sitting } from "./label-sitting.js";
import { View } from "./label-view.js";

const data = JSON.parse(document.getElementById("label-data").textContent);
const view = new View(data.labels);
const sitting = new Sitting(data, view);
listenToPointer(sitting, view);
listenToKeys(sitting, view);
if (sitting.held.length) view.frame.focus();

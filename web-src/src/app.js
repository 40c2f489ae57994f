// The script of every page with the app or sign-in layout. Charts and the editor come as chunks, only when needed.
import "./htmx-setup.js";
import "./live.js";
import "./confirm.js";
import "./theme-switch.js";
import "./copy.js";
import "./insert.js";
import "./forms.js";
import "./bulk.js";
import "./preview.js";
import "./upload.js";
import "./keep.js";
import "./overlays.js";
import { onContent } from "./content.js";
import { showToast } from "./toasts.js";

onContent("[data-chart]", (elements) => import("./charts.js").then(({ mount }) => mount(elements)));
onContent("textarea[data-editor]", (elements) => import("./editor.js").then(({ mount }) => mount(elements)));

// On a phone the row of tabs is wider than the screen: begin where the open one is seen.
onContent(".mg-tabs [aria-current]", (elements) => {
  for (const tab of elements) tab.parentElement.scrollLeft = tab.offsetLeft - tab.parentElement.clientWidth / 2 + tab.offsetWidth / 2;
});

onContent("[data-flash]", (elements) => {
  for (const element of elements) showToast({ kind: element.dataset.flash, text: element.textContent.trim() });
});

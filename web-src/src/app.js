// The script of every page with the app or sign-in layout. Charts and the editor come as chunks, only when needed.
import "./htmx-setup.js";
import "./confirm.js";
import "./theme-switch.js";
import "./copy.js";
import "./insert.js";
import "./forms.js";
import "./bulk.js";
import "./preview.js";
import "./upload.js";
import "./overlays.js";
import { onContent } from "./content.js";
import { showToast } from "./toasts.js";

onContent("[data-chart]", (elements) => import("./charts.js").then(({ mount }) => mount(elements)));
onContent("textarea[data-editor]", (elements) => import("./editor.js").then(({ mount }) => mount(elements)));

onContent("[data-flash]", (elements) => {
  for (const element of elements) showToast({ kind: element.dataset.flash, text: element.textContent.trim() });
});

// Dropdowns, dialogs, tooltips and dismissible alerts: wakes the UI kit's behaviour and mends its focus.
import { Alert, Collapse, Dropdown, Modal, Offcanvas, Tab, Tooltip } from "./bootstrap.js";
import { onContent } from "./content.js";

// Named here so that the bundler keeps them: importing them registers their data attributes.
export const kit = { Alert, Collapse, Dropdown, Modal, Offcanvas, Tab };

onContent('[data-bs-toggle="tooltip"], [data-mg-tooltip]', (elements) => {
  // A touch screen has no hover; a tooltip there would cover what was just tapped.
  if (!matchMedia("(hover: hover)").matches) return;
  for (const element of elements) {
    new Tooltip(element, { title: element.dataset.mgTooltip || element.title, delay: { show: 400, hide: 50 }, trigger: "hover" });
  }
});

// A tooltip of a swapped-out button would stay on the page for ever.
document.addEventListener("htmx:beforeSwap", () => {
  document.querySelectorAll(".tooltip").forEach((element) => element.remove());
});

// A menu inside a table is cut off by the scroll box unless it is placed relative to the window.
onContent('[data-bs-toggle="dropdown"]', (elements) => {
  for (const element of elements) new Dropdown(element, { popperConfig: (config) => ({ ...config, strategy: "fixed" }) });
});

onContent(".modal[data-mg-open]", (elements) => elements.forEach((element) => new Modal(element).show()));

// An opened dialog goes to its first field. Who reached a field while it was still opening stays there, because
// the kit's focus trap takes the focus when the movement ends, in the middle of what they type.
let reached;
document.addEventListener("show.bs.modal", () => (reached = null));
document.addEventListener("focusin", (event) => {
  if (!event.target.matches(".modal")) reached = event.target;
});
document.addEventListener("shown.bs.modal", ({ target: dialog }) => {
  const first = "[autofocus], .modal-body input:not([type=hidden]), .modal-body select, .modal-body textarea";
  (dialog.contains(reached) ? reached : dialog.querySelector(first))?.focus();
});

// A form in a dialog that htmx sent well closes its dialog.
document.addEventListener("htmx:afterRequest", (event) => {
  const dialog = event.target.closest?.(".modal");
  if (dialog && event.detail.successful && event.detail.requestConfig?.verb !== "get" && event.detail.xhr.status < 300) {
    Modal.getInstance(dialog)?.hide();
  }
});

document.addEventListener("click", (event) => event.target.closest?.("[data-mg-dismiss]")?.closest(".mg-alert")?.remove());

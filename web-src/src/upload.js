// The bar of a form that sends a large file with htmx: `data-upload` on the form, a hidden `data-upload-bar` inside.
import { fileSize, formats } from "./texts.js";

const barOf = (event) => event.target.closest?.("form[data-upload]")?.querySelector("[data-upload-bar]");

document.addEventListener("htmx:beforeSend", (event) => {
  const box = barOf(event);
  if (box) box.hidden = false;
});

document.addEventListener("htmx:xhr:progress", (event) => {
  const box = barOf(event);
  const { loaded, total, lengthComputable } = event.detail;
  if (!box || !lengthComputable) return;
  const share = total ? loaded / total : 0;
  const bar = box.querySelector("[role=progressbar]");
  bar.setAttribute("aria-valuenow", String(Math.round(share * 100)));
  bar.firstElementChild.style.width = `${share * 100}%`;
  box.querySelector(".mg-progress-head > :last-child").textContent =
    `${fileSize(loaded)} / ${fileSize(total)} · ${formats.percent(Math.floor(share * 1000) / 1000)}`;
});

document.addEventListener("htmx:afterRequest", (event) => {
  const box = barOf(event);
  if (box && !event.detail.successful) box.hidden = true;
});

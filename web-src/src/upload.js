// The bar of a form that sends a large file with htmx: `data-upload` on the form, a hidden `data-upload-bar` inside.
import { fileSize, formats } from "./texts.js";

// A form that says where chunks go sends its file there. Its own way remains for browsers without scripts.
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    const file = form.dataset.upload && form.querySelector("input[type=file]").files[0];
    if (!file) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    import("./resume.js").then(({ send }) => send(form, file));
  },
  true,
);

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

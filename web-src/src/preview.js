// Preview frames: the width switch, and the live preview that posts a form into a hidden frame and shows it when loaded.
import { onContent } from "./content.js";

onContent("[data-preview]", (frames) => frames.forEach(setUp));

function setUp(box) {
  const stage = box.querySelector("[data-part=stage]");
  for (const button of box.querySelectorAll("[data-width]")) {
    button.addEventListener("click", () => {
      stage.dataset.width = button.dataset.width;
      for (const other of box.querySelectorAll("[data-width]")) {
        other.setAttribute("aria-pressed", String(other === button));
      }
    });
  }
  const form = box.dataset.liveForm && document.querySelector(box.dataset.liveForm);
  if (form) live(stage, form, box.dataset.liveUrl);
}

function live(stage, form, url) {
  let timer;
  let serial = 0;
  const post = () => {
    const current = stage.querySelector("iframe:not([hidden])");
    const next = current.cloneNode(false);
    for (const name of ["src", "srcdoc", "id"]) next.removeAttribute(name);
    next.name = `mg-preview-${(serial += 1)}`;
    next.hidden = true;
    const mine = serial;
    stage.querySelectorAll("iframe[hidden]").forEach((frame) => frame.remove());
    stage.append(next);
    next.addEventListener("load", () => {
      if (mine !== serial) return;
      next.hidden = false;
      next.id = current.id;
      current.remove();
    });
    send(form, url, next.name);
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(post, 400);
  });
  form.addEventListener("change", () => {
    clearTimeout(timer);
    timer = setTimeout(post, 50);
  });
  post();
}

function send(form, url, target) {
  const copy = document.createElement("form");
  Object.assign(copy, { method: "post", action: url, target, hidden: true });
  for (const [name, value] of new FormData(form)) {
    if (typeof value !== "string") continue;
    copy.append(Object.assign(document.createElement("textarea"), { name, value }));
  }
  document.body.append(copy);
  copy.submit();
  copy.remove();
}

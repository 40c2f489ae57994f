// Copy buttons: `data-copy` holds the text, or `data-copy-from` names the field to take it from.
import { text } from "./texts.js";
import { showToast } from "./toasts.js";

async function write(value) {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(value);
    return;
  }
  // A plain http address has no clipboard API; a selection in a field still copies.
  const field = document.createElement("textarea");
  field.value = value;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (!copied) throw new Error("the browser refused to copy");
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-copy], [data-copy-from]");
  if (!button) return;
  const source = button.dataset.copyFrom ? document.querySelector(button.dataset.copyFrom) : null;
  write(source ? (source.value ?? source.textContent) : button.dataset.copy).then(
    () => {
      button.classList.add("is-copied");
      setTimeout(() => button.classList.remove("is-copied"), 1600);
      showToast({ kind: "success", text: text("copied") });
    },
    () => showToast({ kind: "danger", text: text("not_copied") }),
  );
});

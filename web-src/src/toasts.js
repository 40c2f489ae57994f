// Short messages in the corner. They are announced politely, stay while hovered or focused, and go by themselves.
import { Toast } from "./bootstrap.js";
import { text } from "./texts.js";

const KINDS = ["success", "info", "warning", "danger"];

/** Show a toast; a toast that tells of a failure stays until it is closed. */
export function showToast({ kind = "info", text: message }) {
  const region = document.getElementById("mg-toasts");
  if (!region || !message) return;
  const known = KINDS.includes(kind) ? kind : "info";
  const element = document.createElement("div");
  element.className = `toast mg-toast mg-toast-${known}`;
  element.setAttribute("role", known === "danger" ? "alert" : "status");
  const symbol = document.getElementById(`mg-toast-icon-${known}`);
  if (symbol) element.append(symbol.content.cloneNode(true));
  const body = document.createElement("div");
  body.className = "mg-toast-text";
  body.textContent = message;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn-close";
  close.setAttribute("aria-label", text("close"));
  close.dataset.bsDismiss = "toast";
  element.append(body, close);
  region.append(element);
  element.addEventListener("hidden.bs.toast", () => element.remove());
  new Toast(element, { autohide: known !== "danger", delay: 5000 }).show();
}

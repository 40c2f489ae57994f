// Asks before acts that cannot be undone: `data-confirm` on buttons, links and forms, and htmx's own hx-confirm.
import { Dropdown, Modal } from "./bootstrap.js";
import { text } from "./texts.js";

/** Open the dialog and resolve to whether the person agreed. */
function ask({ question, title, label, kind = "danger" }) {
  const element = document.getElementById("mg-confirm");
  if (!element) return Promise.resolve(window.confirm(question));
  element.querySelector("[data-part=title]").textContent = title || text("confirm_title");
  element.querySelector("[data-part=text]").textContent = question;
  const yes = element.querySelector("[data-part=yes]");
  yes.textContent = label || text("confirm_yes");
  yes.className = `btn btn-${kind}`;
  const opener = document.activeElement;
  const modal = Modal.getOrCreateInstance(element);
  return new Promise((resolve) => {
    let agreed = false;
    let open = false;
    // A dialog that is still opening ignores hide(): who answers that fast must not be left waiting.
    const close = () => open && modal.hide();
    const agree = () => {
      agreed = true;
      close();
    };
    yes.addEventListener("click", agree);
    element.addEventListener(
      "hidden.bs.modal",
      () => {
        yes.removeEventListener("click", agree);
        opener?.focus?.();
        resolve(agreed);
      },
      { once: true },
    );
    element.addEventListener(
      "shown.bs.modal",
      () => {
        open = true;
        if (agreed) close();
        else element.querySelector("[data-part=no]").focus();
      },
      { once: true },
    );
    modal.show();
  });
}

const questionOf = ({ dataset }) => ({
  question: dataset.confirm,
  title: dataset.confirmTitle,
  label: dataset.confirmLabel,
  kind: dataset.confirmKind,
});

const isHtmx = (element) =>
  ["hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete"].some((name) => element.closest(`[${name}]`) === element);

document.addEventListener("htmx:confirm", (event) => {
  const { elt, question, triggeringEvent } = event.detail;
  // The asker may be the form itself or the button that sent it.
  const button = triggeringEvent?.submitter;
  const asker = button?.dataset.confirm !== undefined ? button : elt.closest("[data-confirm]");
  if (button?.mgAgreed || elt.mgAgreed) return;
  const details = asker ? questionOf(asker) : question ? { question } : null;
  if (!details) return;
  event.preventDefault();
  ask(details).then((agreed) => agreed && event.detail.issueRequest(true));
});

document.addEventListener(
  "click",
  (event) => {
    const element = event.target.closest?.("[data-confirm]");
    if (!element || element.tagName === "FORM" || element.mgAgreed) return;
    // htmx asks for its own elements through htmx:confirm.
    if (isHtmx(element) || (element.form && isHtmx(element.form))) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    // The click does not reach the menu that the button may stand in, so the menu is closed here.
    const toggle = element.closest(".dropdown-menu")?.parentElement.querySelector("[data-bs-toggle=dropdown]");
    if (toggle) {
      Dropdown.getInstance(toggle)?.hide();
      toggle.focus();
    }
    ask(questionOf(element)).then((agreed) => {
      if (!agreed) return;
      // A live update may have put another button in its place meanwhile, and a form outside the page sends nothing.
      if (element.form && !element.form.isConnected) {
        element.form.hidden = true;
        document.body.append(element.form);
      }
      element.mgAgreed = true;
      if (element.form) element.form.requestSubmit(element);
      else element.click();
      element.mgAgreed = false;
    });
  },
  true,
);

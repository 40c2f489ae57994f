// Small helps in forms: drop zone, tags, show password, focus on the errors, one submit at a time.
import { onContent } from "./content.js";
import { fileSize, text } from "./texts.js";

onContent("[data-file-drop]", (zones) => {
  for (const zone of zones) {
    const input = zone.querySelector("input[type=file]");
    const name = zone.querySelector("[data-part=file]");
    const show = () => {
      const files = [...input.files];
      zone.classList.toggle("has-file", files.length > 0);
      name.textContent = files.map((file) => `${file.name} · ${fileSize(file.size)}`).join(", ");
    };
    for (const type of ["dragenter", "dragover"]) zone.addEventListener(type, () => zone.classList.add("is-over"));
    for (const type of ["dragleave", "drop"]) zone.addEventListener(type, () => zone.classList.remove("is-over"));
    input.addEventListener("change", show);
    show();
  }
});

onContent("[data-password]", (groups) => {
  for (const group of groups) {
    const input = group.querySelector("input");
    const button = group.querySelector("button");
    button.hidden = false;
    button.addEventListener("click", () => {
      const shown = input.type === "text";
      input.type = shown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!shown));
      button.classList.toggle("is-shown", !shown);
    });
  }
});

onContent("[data-form-errors]", (elements) => elements[0].focus());

// A second click on a slow form must not send it twice. The name and value of the button still travel,
// because it is disabled only after the form data was taken.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.target || form.method === "get") return;
  if (form.mgSent) {
    event.preventDefault();
    return;
  }
  form.mgSent = true;
  event.submitter?.classList.add("is-busy");
  setTimeout(() => event.submitter?.setAttribute("aria-busy", "true"));
});
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.forms) form.mgSent = false;
  document.querySelectorAll(".is-busy").forEach((button) => button.classList.remove("is-busy"));
});

onContent("[data-tags]", (fields) => fields.forEach(tagField));

function tagField(field) {
  const plain = field.querySelector("input[data-part=plain]");
  const { name } = plain;
  const list = field.querySelector("[data-part=chips]");
  // The plain field becomes the place to type; hidden fields carry the tags.
  const initial = plain.value.split(",");
  plain.removeAttribute("name");
  plain.value = "";

  const values = () => [...list.querySelectorAll("input")].map((input) => input.value);
  const changed = () => field.dispatchEvent(new Event("change", { bubbles: true }));

  const add = (raw) => {
    const value = raw.trim();
    if (!value || values().includes(value)) return;
    const chip = document.createElement("li");
    chip.className = "mg-chip";
    const hidden = Object.assign(document.createElement("input"), { type: "hidden", name, value });
    const remove = Object.assign(document.createElement("button"), { type: "button", className: "mg-chip-remove" });
    remove.setAttribute("aria-label", text("remove", { name: value }));
    remove.append(field.querySelector("template").content.cloneNode(true));
    remove.addEventListener("click", () => {
      chip.remove();
      plain.focus();
      changed();
    });
    chip.append(value, hidden, remove);
    list.append(chip);
  };

  const take = () => {
    if (!plain.value.trim()) return;
    plain.value.split(",").forEach(add);
    plain.value = "";
    changed();
  };

  initial.forEach(add);
  plain.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === ",") {
      if (plain.value.trim() || event.key === ",") event.preventDefault();
      take();
    } else if (event.key === "Backspace" && !plain.value) {
      list.lastElementChild?.remove();
      changed();
    }
  });
  plain.addEventListener("blur", take);
  // Choosing a suggestion with the mouse fires input with a whole known value.
  plain.addEventListener("input", (event) => {
    if (event.inputType === "insertReplacementText" || !event.inputType) take();
  });
  field.addEventListener("click", (event) => event.target === field && plain.focus());
}

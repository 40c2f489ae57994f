// What a person does in a part of the page while that part is put in anew is kept.

// A refresh that comes by itself waits while rows are chosen there, or while a menu or a dialog is open.
document.addEventListener("htmx:beforeRequest", (event) => {
  const { target, requestConfig } = event.detail;
  if (requestConfig.triggeringEvent) return;
  const busy = target.querySelector("input[data-bulk-row]:checked, .dropdown-menu.show") || document.querySelector(".modal.show");
  if (busy) event.preventDefault();
});

// An answer is made of the form as it was sent. What was filled in since then is filled in once more, but after a
// removal, which gives the places of what follows to others.
const filled = new Map();

document.addEventListener("htmx:beforeRequest", ({ detail: { target, elt } }) => {
  if (target.id && !elt.value?.startsWith?.("remove:")) filled.set(target.id, new Map());
});

document.addEventListener("input", ({ target: field }) => {
  if (!field.id || field.type === "file") return;
  for (const [id, fields] of filled) {
    if (field.closest(`#${CSS.escape(id)}`)) fields.set(field.id, { value: field.value, checked: field.checked });
  }
});

document.addEventListener("htmx:afterSwap", ({ detail: { target } }) => {
  const fields = filled.get(target?.id) ?? [];
  filled.delete(target?.id);
  for (const [id, { value, checked }] of fields) {
    const field = document.getElementById(id);
    if (!field || (field.value === value && field.checked === checked)) continue;
    Object.assign(field, { value, checked });
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
});

// Buttons that put a text, such as a merge field, where the cursor is: `data-insert` and `data-insert-into`.
let lastField = null;

document.addEventListener("focusin", (event) => {
  if (event.target.matches?.("input[type=text], textarea")) lastField = event.target;
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-insert]");
  if (!button) return;
  const field = button.dataset.insertInto ? document.querySelector(button.dataset.insertInto) : lastField;
  if (!field) return;
  const { insert } = button.dataset;
  if (field.mgEditor) {
    field.dispatchEvent(new CustomEvent("mg:insert", { detail: { text: insert } }));
    return;
  }
  field.setRangeText(insert, field.selectionStart ?? field.value.length, field.selectionEnd ?? field.value.length, "end");
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

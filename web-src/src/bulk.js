// Tables: choosing rows for the bulk bar, and labels on the cells so that a phone can show rows as cards.
import { onContent } from "./content.js";
import { formats } from "./texts.js";

const boxesOf = (form) => [...document.querySelectorAll(`input[data-bulk-row][form="${form.id}"]`)];

function refresh(form) {
  const boxes = boxesOf(form);
  const chosen = boxes.filter((box) => box.checked);
  const head = document.querySelector(`input[data-bulk-all][form="${form.id}"]`);
  if (head) {
    head.checked = boxes.length > 0 && chosen.length === boxes.length;
    head.indeterminate = chosen.length > 0 && chosen.length < boxes.length;
  }
  const everything = form.querySelector("[name=all_matching]");
  const complete = boxes.length > 0 && chosen.length === boxes.length;
  if (everything && !complete) everything.checked = false;
  form.querySelector("[data-bulk-matching]")?.toggleAttribute("hidden", !complete);
  form.hidden = chosen.length === 0;
  const count = form.querySelector("[data-bulk-count]");
  const number = everything?.checked ? Number(everything.dataset.count) : chosen.length;
  if (count) count.textContent = formats.number(number);
  for (const box of boxes) box.closest("tr")?.classList.toggle("is-chosen", box.checked);
}

let last = null;

document.addEventListener("click", (event) => {
  const box = event.target;
  if (!box.matches?.("input[data-bulk-row]")) return;
  if (event.shiftKey && last && last.form === box.form) {
    const boxes = boxesOf(box.form);
    const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
    for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
  }
  last = box;
});

document.addEventListener("change", (event) => {
  const box = event.target;
  const form = box.form;
  if (!form?.matches("[data-bulk]")) return;
  if (box.matches("[data-bulk-all]")) for (const row of boxesOf(form)) row.checked = box.checked;
  refresh(form);
});

document.addEventListener("click", (event) => {
  const form = event.target.closest?.("[data-bulk-clear]")?.form;
  if (!form) return;
  for (const box of boxesOf(form)) box.checked = false;
  refresh(form);
});

onContent("form[data-bulk]", (forms) => forms.forEach(refresh));

onContent("table[data-cards] tbody", (bodies) => bodies.forEach(label));
onContent("table[data-cards] tbody > tr", (rows) => {
  for (const body of new Set(rows.map((row) => row.parentElement))) label(body);
});

function label(body) {
  const heads = [...body.closest("table").querySelectorAll("thead th")].map((head) => head.dataset.label ?? "");
  for (const row of body.rows) {
    [...row.cells].forEach((cell, index) => {
      cell.setAttribute("role", "cell");
      if (heads[index] && !cell.dataset.label) cell.dataset.label = heads[index];
    });
  }
}

// Runs set-up code for elements of the page, and again for those that htmx or SSE put in later.
const watchers = [];

function run(root, { selector, setUp }) {
  const found = [...root.querySelectorAll(selector)];
  if (root.matches?.(selector)) found.unshift(root);
  const fresh = found.filter((element) => {
    const done = (element.mgDone ??= new Set());
    return !done.has(setUp) && done.add(setUp);
  });
  if (fresh.length) setUp(fresh);
}

/** Call `setUp(elements)` for every element that matches, once each, now and after later swaps. */
export function onContent(selector, setUp) {
  const watcher = { selector, setUp };
  watchers.push(watcher);
  if (document.readyState !== "loading") run(document, watcher);
}

document.addEventListener("DOMContentLoaded", () => watchers.forEach((watcher) => run(document, watcher)));
document.addEventListener("htmx:load", (event) => watchers.forEach((watcher) => run(event.detail.elt, watcher)));
// An SSE message that swaps only text and attributes does not fire htmx:load for every element.
document.addEventListener("htmx:sseMessage", () => watchers.forEach((watcher) => run(document, watcher)));

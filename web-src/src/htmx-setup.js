// htmx under our content policy: no eval, no injected styles, our own origin only; CSRF header; errors as toasts.
import htmx from "htmx.org";
import "htmx-ext-sse";
import { text } from "./texts.js";
import { showToast } from "./toasts.js";

Object.assign(htmx.config, {
  allowEval: false,
  allowScriptTags: false,
  includeIndicatorStyles: false,
  selfRequestsOnly: true,
  historyCacheSize: 0,
  refreshOnHistoryMiss: true,
  scrollIntoViewOnBoost: false,
  timeout: 30000,
  responseHandling: [
    { code: "204", swap: false },
    { code: "[23]..", swap: true },
    // A form that came back with its errors is shown like any other answer.
    { code: "422", swap: true, error: false },
    { code: "[45]..", swap: false, error: true },
  ],
});

const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content;

document.addEventListener("htmx:configRequest", (event) => {
  const token = meta("csrf-token");
  if (token && event.detail.verb !== "get") event.detail.headers[meta("csrf-header")] = token;
});

document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  if (status === 401) {
    location.reload();
    return;
  }
  // The server's own words, when it sent some, are shown already.
  if (event.detail.xhr.getResponseHeader("HX-Trigger")?.includes('"toast"')) return;
  const key = status === 403 ? "forbidden" : status === 404 ? "gone" : status === 429 ? "slow_down" : "failed";
  showToast({ kind: "danger", text: text(key) });
});

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, () => showToast({ kind: "danger", text: text("offline") }));
}

document.addEventListener("toast", (event) => showToast(event.detail));

// The thin line at the top shows only when an answer takes longer than a moment.
let open = 0;
let timer;
const line = () => document.getElementById("mg-progress-line");
const settle = () => {
  open = Math.max(0, open - 1);
  if (open === 0) {
    clearTimeout(timer);
    line()?.classList.remove("is-active");
  }
};
document.addEventListener("htmx:beforeSend", () => {
  open += 1;
  clearTimeout(timer);
  timer = setTimeout(() => open > 0 && line()?.classList.add("is-active"), 250);
});
document.addEventListener("htmx:afterRequest", settle);

// Sends a large file in chunks over tus 1.0: after a break it goes on where it stopped, by itself or when the same file
// is chosen again. Loaded only by pages with such a form; the form's own attributes say where, how and in which words.
import { Upload } from "tus-js-client";
import { fileSize, formats } from "./texts.js";
import { showToast } from "./toasts.js";

const STALLED_MS = 60_000;
const RATE_OVER_MS = 5_000;
// As long as the person may need to find the cable: about half an hour without a byte.
const DELAYS = [0, 1_000, 2_000, 5_000, ...Array(10).fill(10_000), ...Array(60).fill(30_000)];

const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content;

/** Why a file cannot be what the form wants, before a byte of it travels. */
function problemOf(file, form, words) {
  const endings = form.querySelector("input[type=file]").accept.split(",").filter(Boolean);
  if (endings.length && !endings.some((ending) => file.name.toLowerCase().endsWith(ending))) return words.endings;
  if (file.size === 0) return words.empty;
  return file.size > Number(form.dataset.uploadLimit) ? words.too_large : "";
}

/** Bytes a second over the last seconds, told by what is behind. */
function speedometer() {
  const seen = [];
  return (sent) => {
    const now = performance.now();
    seen.push([now, sent]);
    while (seen.length > 2 && now - seen[0][0] > RATE_OVER_MS) seen.shift();
    const [since, before] = seen[0];
    return now > since ? ((sent - before) * 1000) / (now - since) : 0;
  };
}

function duration(seconds, words) {
  if (seconds < 90) return words.seconds.replace("{n}", Math.max(1, Math.round(seconds)));
  if (seconds < 5400) return words.minutes.replace("{n}", Math.round(seconds / 60));
  return words.hours.replace("{n}", formats.number(Math.round(seconds / 360) / 10));
}

function show(form, sent, total, rate, words) {
  const box = form.querySelector("[data-upload-bar]");
  const share = total ? sent / total : 0;
  const bar = box.querySelector("[role=progressbar]");
  bar.setAttribute("aria-valuenow", String(Math.round(share * 100)));
  bar.firstElementChild.style.width = `${share * 100}%`;
  box.querySelector(".mg-progress-head > :last-child").textContent = formats.percent(Math.floor(share * 1000) / 1000);
  const fill = { sent: fileSize(sent), size: fileSize(total), rate: fileSize(rate) };
  const parts = [words.sending.replace(/\{(\w+)\}/g, (_, name) => fill[name])];
  if (rate > 0 && sent < total) parts.push(words.left.replace("{time}", duration((total - sent) / rate, words)));
  note(form, parts.join(" · "));
}

const note = (form, text) => {
  form.querySelector("[data-upload-note]").textContent = text;
};

function busy(form, is) {
  form.querySelector("[data-upload-bar]").hidden = !is;
  const button = form.querySelector("button[type=submit]");
  button.disabled = is;
  button.classList.toggle("is-busy", is);
  form.querySelector("input[type=file]").disabled = is;
}

function stop(form, text) {
  busy(form, false);
  showToast({ kind: "danger", text });
}

/** Send the file of a form, then go on to its next page. */
export async function send(form, file) {
  const words = JSON.parse(form.dataset.uploadTexts);
  const problem = problemOf(file, form, words);
  if (problem) {
    stop(form, problem);
    return;
  }
  busy(form, true);
  const rateOf = speedometer();
  let moved = performance.now();
  const upload = new Upload(file, {
    endpoint: form.dataset.upload,
    chunkSize: Number(form.dataset.uploadChunk),
    retryDelays: DELAYS,
    removeFingerprintOnSuccess: true,
    headers: { [meta("csrf-header")]: meta("csrf-token") },
    metadata: { filename: file.name },
    onProgress(sent, total) {
      moved = performance.now();
      show(form, sent, total, rateOf(sent), words);
    },
    onShouldRetry(error) {
      const status = error.originalResponse?.getStatus() ?? 0;
      const again = status === 0 || status === 409 || status === 423 || status >= 500;
      if (again) note(form, words.waiting);
      return again;
    },
    onError(error) {
      clearInterval(watch);
      stop(form, error.originalResponse?.getBody() || words.stopped);
    },
    onSuccess() {
      clearInterval(watch);
      location.assign(`${upload.url}/columns`);
    },
  });
  // A line that is cut without a word never fails by itself: begin the chunk anew.
  const watch = setInterval(async () => {
    if (performance.now() - moved < STALLED_MS) return;
    moved = performance.now();
    note(form, words.waiting);
    await upload.abort();
    upload.start();
  }, 1_000);
  const [before] = await upload.findPreviousUploads();
  if (before) {
    upload.resumeFromPreviousUpload(before);
    note(form, words.resumed);
  }
  upload.start();
}

// The few texts that scripts show, translated by the server into a JSON block of the layout.
const source = document.getElementById("mg-texts");
const texts = source ? JSON.parse(source.textContent) : {};

/** The translated text, with `{name}` filled in. */
export function text(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

const locale = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang || "en-GB";
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
// British English abbreviates million as "m"; screens say "M".
const short = new Intl.NumberFormat(locale === "en-GB" ? "en" : locale, { notation: "compact", maximumFractionDigits: 1 });
const ratio = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });

export const formats = { number: (n) => whole.format(n), compact: (n) => short.format(n), percent: (n) => ratio.format(n) };

/** `1.4 MB` for a number of bytes. */
export function fileSize(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(bytes / 1000 ** step)} ${units[step]}`;
}

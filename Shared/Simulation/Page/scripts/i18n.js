// The page's own words, in five languages. Each catalogue is locales/<language>.json.

export const LANGUAGES = { en: "English", uk: "Українська", ru: "Русский", ko: "한국어", "zh-TW": "繁體中文" };

let catalogue = {};
let fallback = {};
let current = "en";

export function language() {
  return current;
}

function preferred() {
  const asked = [localStorage.getItem("language"), ...navigator.languages];
  for (const tag of asked) {
    if (!tag) continue;
    if (LANGUAGES[tag]) return tag;
    const base = tag.split("-")[0];
    if (base === "zh") return "zh-TW";
    if (LANGUAGES[base]) return base;
  }
  return "en";
}

async function load(tag) {
  return (await fetch(`locales/${tag}.json`)).json();
}

export async function start() {
  fallback = await load("en");
  await choose(preferred(), false);
}

export async function choose(tag, remember = true) {
  catalogue = tag === "en" ? fallback : await load(tag);
  current = tag;
  if (remember) localStorage.setItem("language", tag);
  document.documentElement.lang = tag;
}

// The text of a key; `{name}` in it becomes the value of that name.
export function t(key, values = {}) {
  const text = catalogue[key] ?? fallback[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export function clock(instant) {
  return new Intl.DateTimeFormat(current, { hour: "2-digit", minute: "2-digit" }).format(instant);
}

export function moment(instant) {
  return new Intl.DateTimeFormat(current, { dateStyle: "full", timeStyle: "short" }).format(instant);
}

export function day(instant) {
  return new Intl.DateTimeFormat(current, { day: "numeric", month: "long", year: "numeric" }).format(instant);
}

// Discord's styles of a timestamp.
export function timestamp(seconds, style = "f") {
  const instant = new Date(seconds * 1000);
  if (Number.isNaN(instant.getTime())) return String(seconds);
  if (style === "R") {
    const steps = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
    const difference = Math.round((instant.getTime() - Date.now()) / 1000);
    const [unit, size] = steps.find(([, size]) => Math.abs(difference) >= size) ?? ["second", 1];
    return new Intl.RelativeTimeFormat(current, { numeric: "auto" }).format(Math.trunc(difference / size), unit);
  }
  const options = {
    t: { timeStyle: "short" }, T: { timeStyle: "medium" }, d: { dateStyle: "short" }, D: { dateStyle: "long" },
    f: { dateStyle: "long", timeStyle: "short" }, F: { dateStyle: "full", timeStyle: "short" },
  };
  return new Intl.DateTimeFormat(current, options[style] ?? options.f).format(instant);
}

export function duration(milliseconds) {
  const total = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = [Math.floor(total / 60) % 60, total % 60];
  if (total >= 3600) parts.unshift(Math.floor(total / 3600));
  return parts.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}

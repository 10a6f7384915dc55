import { h, replace } from "./dom.js";
import { Refused } from "./api.js";
import * as i18n from "./i18n.js";
import { emit, on, start, store } from "./store.js";
import { startSidebar } from "./sidebar.js";
import { startLog } from "./log.js";
import { startComposer } from "./composer.js";
import { startAside } from "./aside.js";
import { startFaults } from "./faults.js";
import { startModals } from "./modal.js";

// The page's entry: theme, language, drawers of small screens, notices; then one view a pane.

const app = document.getElementById("app");
const toasts = document.getElementById("toasts");

export function toast(text, kind = "error") {
  const note = h("div", { class: `toast ${kind}` }, text);
  toasts.append(note);
  setTimeout(() => note.remove(), 5000);
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("theme", theme);
  document.querySelector("meta[name=theme-color]").content = theme === "dark" ? "#0c1320" : "#eef1f8";
}

on(["toggleTheme"], () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
on(["language"], async (tag) => {
  await i18n.choose(tag);
  for (const topic of ["world", "channel", "messages", "me", "voice", "typing"]) emit(topic);
});
on(["drawer"], (name) => {
  const open = app.dataset.drawer === name ? "" : name;
  app.dataset.drawer = open;
});
on(["channel"], () => {
  app.dataset.drawer = "";
  if (!store.channel.draft) history.replaceState(null, "", `#${encodeURIComponent(store.channel.name)}`);
  document.title = `${store.channel.kind === "text" ? "#" : ""}${store.channel.name} · ${store.guild.name}`;
});
on(["members"], () => {
  if (matchMedia("(max-width: 1080px)").matches) emit("drawer", "aside");
  else app.classList.toggle("wide");
});
on(["link"], () => {
  const note = document.getElementById("link") ?? h("div", { id: "link", class: "toast link" });
  replace(note, i18n.t("reconnecting"));
  if (store.online) note.remove();
  else toasts.prepend(note);
});
document.querySelector(".main").addEventListener("pointerdown", () => {
  app.dataset.drawer = "";
});
addEventListener("unhandledrejection", (event) => {
  toast(event.reason instanceof Refused ? event.reason.message : String(event.reason?.message ?? event.reason));
  event.preventDefault();
});

const light = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
setTheme(new URLSearchParams(location.search).get("theme") ?? localStorage.getItem("theme") ?? light);
await i18n.start();
startSidebar(document.getElementById("sidebar"));
startLog(document.getElementById("bar"), document.getElementById("log"));
startComposer(document.getElementById("foot"));
startAside(document.getElementById("aside"));
startModals();
startFaults(document.getElementById("faults"));
await start();
document.documentElement.dataset.ready = "true";

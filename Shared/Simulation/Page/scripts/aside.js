import { h, icon, replace } from "./dom.js";
import { avatar, cover } from "./avatar.js";
import { duration, t, timestamp } from "./i18n.js";
import { bots, on, people, progress, store } from "./store.js";
import { equaliser, share } from "./sidebar.js";

// The right pane: what plays where, and who is there.

export function startAside(root) {
  const player = h("section", { class: "players" });
  const list = h("section", { class: "people" });
  replace(root, player, list);
  const drawPlayers = () => replace(player, h("h2", {}, icon("note"), t("nowPlaying")), cards());
  const drawPeople = () => replace(list,
    group(`${t("troupe")} — ${bots().length}`, bots().map(botRow)),
    group(`${t("members")} — ${people().length}`, people().map(personRow)));
  on(["world", "voice"], drawPlayers);
  on(["world", "me"], drawPeople);
  setInterval(() => tick(player), 500);
}

function playing() {
  return store.voice.flatMap((entry) =>
    entry.members.filter((present) => present.playing).map((present) => ({ ...present, channel: entry.channel })));
}

function cards() {
  const all = playing();
  if (!all.length) return h("p", { class: "quiet" }, t("nothingPlays"));
  return all.map((entry) => h("article", { class: "card", dataset: { card: entry.authorId } },
    cover(entry.playing.title),
    h("div", { class: "words" },
      h("strong", { title: entry.playing.title }, entry.playing.title),
      h("span", {}, entry.playing.author),
      h("span", { class: "where" }, icon("speaker"), entry.channel, " · ", entry.authorName)),
    equaliser(entry.playing.paused),
    h("div", { class: "line" }, h("i", { style: { width: share(entry.playing) } })),
    h("div", { class: "times" }, h("span", { class: "at" }, duration(progress(entry.playing))),
      h("span", {}, entry.playing.paused ? t("paused") : entry.playing.length
        ? duration(entry.playing.length) : t("live")))));
}

function tick(root) {
  const all = playing();
  for (const card of root.querySelectorAll("[data-card]")) {
    const entry = all.find((one) => one.authorId === card.dataset.card);
    if (!entry) continue;
    card.querySelector(".line i").style.width = share(entry.playing);
    card.querySelector(".at").textContent = duration(progress(entry.playing));
  }
}

function group(title, rows) {
  return h("div", { class: "group" }, h("h2", {}, title), h("ul", {}, rows));
}

function botRow(bot) {
  const isOnline = store.bots.find((entry) => entry.id === bot.id)?.online ?? bot.online;
  return h("li", { class: isOnline ? "" : "away", dataset: { bot: bot.name } },
    h("span", { class: "face" }, avatar(bot, 34), h("i", { class: isOnline ? "dot on" : "dot", title:
      t(isOnline ? "online" : "offline") })),
    h("span", { class: "lines" }, h("span", { class: "name", style: colour(bot) }, bot.displayName,
      h("span", { class: "badge" }, t("bot"))),
    h("small", {}, t(isOnline ? "online" : "offline"))));
}

function personRow(person) {
  const until = person.timedOutUntil;
  return h("li", { class: person.id === store.me?.id ? "self-row" : "" },
    h("span", { class: "face" }, avatar(person, 34), h("i", { class: "dot on" })),
    h("span", { class: "lines" }, h("span", { class: "name", style: colour(person) }, person.displayName),
      h("small", {}, until
        ? [icon("clock"), t("timedOut", { time: timestamp(Date.parse(until) / 1000, "t") })]
        : [person.owner && t("owner"), ...person.roles].filter(Boolean).join(", "))));
}

export function colour(user) {
  return user?.color ? { "--role": `#${user.color.toString(16).padStart(6, "0")}` } : {};
}

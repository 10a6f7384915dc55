import { h, icon, replace, s } from "./dom.js";
import { avatar } from "./avatar.js";
import { api } from "./api.js";
import { LANGUAGES, language, t } from "./i18n.js";
import { become, bots, emit, on, open, partner, people, progress, store, voiceOf } from "./store.js";

// The left pane: channels, voice channels with who is in them and what plays, and who one is.

export function startSidebar(root) {
  const head = h("header", { class: "guild" });
  const list = h("div", { class: "channels" });
  const self = h("div", { class: "self" });
  replace(root, head, list, self);

  const drawHead = () => replace(head, lighthouse(), h("div", {},
    h("h1", {}, store.guild.name), h("p", {}, t("tagline"))));
  const drawList = () => replace(list, textChannels(), directs(), voiceChannels());
  const drawSelf = () => replace(self, identity());

  on(["world"], () => [drawHead(), drawList(), drawSelf()]);
  on(["channel", "unread"], drawList);
  on(["me"], () => [drawList(), drawSelf()]);
  on(["voice"], () => [drawList(), drawSelf()]);
  setInterval(() => tick(list), 500);
  addEventListener("keydown", (event) => {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    const texts = texted();
    const index = texts.findIndex((entry) => entry.id === store.channel?.id);
    open(texts[(index + (event.key === "ArrowUp" ? texts.length - 1 : 1)) % texts.length]);
  });
}

function lighthouse() {
  return s("svg", { viewBox: "0 0 64 64", class: "logo", "aria-hidden": "true" },
    s("defs", {}, s("linearGradient", { id: "beam", x1: "0", y1: "0", x2: "1", y2: "1" },
      s("stop", { offset: "0", "stop-color": "#5eead4" }), s("stop", { offset: ".55", "stop-color": "#818cf8" }),
      s("stop", { offset: "1", "stop-color": "#f0abfc" }))),
    s("path", { d: "M41 15l18-6v14l-18-5zM23 15L5 9v14l18-5z", fill: "#fde68a", opacity: ".4", class: "beam" }),
    s("path", { d: "M27 21h10l4 29H23z", fill: "url(#beam)" }),
    s("rect", { x: "25", y: "12", width: "14", height: "8", rx: "3", fill: "#fde68a" }),
    s("path", { d: "M6 54c7-5 11-5 17.300 0s10.700 5 17.400 0 10.700-5 17.300 0", fill: "none", stroke: "#5eead4",
      "stroke-width": "4", "stroke-linecap": "round" }));
}

const texted = () => store.channels.filter((entry) => entry.kind === "text");

function textChannels() {
  return section(t("textChannels"), texted().map((channel) => row(channel, icon("hash"), channel.name)));
}

function row(channel, sign, name) {
  const unread = store.unread.get(channel.id);
  const isHere = store.channel?.id === channel.id;
  return h("li", {}, h("button", {
    class: `channel ${isHere ? "here" : ""} ${unread ? "unread" : ""}`, "aria-current": isHere ? "page" : undefined,
    dataset: { channel: channel.name }, onclick: () => open(channel),
  }, sign, h("span", { class: "name" }, name), unread && h("span", { class: "count" }, unread)));
}

function directs() {
  const rows = bots().map((bot) => {
    const known = store.directs.find(
      (entry) => entry.recipients.includes(bot.id) && entry.recipients.includes(store.me?.id));
    const slug = store.bots.find((entry) => entry.id === bot.id)?.slug ?? bot.name;
    const channel = known ?? { id: `dm:${slug}:${store.me?.id}`, draft: slug, kind: "direct", name: bot.displayName };
    return row(known ? { ...known, name: bot.displayName } : channel, avatar(bot, 22), bot.displayName);
  });
  return rows.length ? section(t("direct"), rows) : null;
}

function voiceChannels() {
  const channels = store.channels.filter((entry) => entry.kind === "voice" || entry.kind === "stage");
  return section(t("voiceChannels"), channels.map((channel) => {
    const present = store.voice.find((entry) => entry.channelId === channel.id)?.members ?? [];
    const isHere = present.some((entry) => entry.authorId === store.me?.id);
    const label = t(isHere ? "leave" : "join", { channel: channel.name });
    return h("li", { class: present.length ? "voice busy" : "voice", dataset: { voice: channel.name } },
      h("button", { class: `channel ${isHere ? "joined" : ""}`, title: label, "aria-label": label,
        onclick: () => api.voice(store.me.name, isHere ? null : channel.id) },
        icon("speaker"), h("span", { class: "name" }, channel.name),
        present.length > 0 && h("span", { class: "heads" }, present.length)),
      present.length > 0 && h("ul", { class: "present" }, present.map(presence)));
  }));
}

function presence(entry) {
  const user = { id: entry.authorId, name: entry.author, displayName: entry.authorName, bot: entry.bot };
  return h("li", {},
    h("div", { class: "who" }, avatar(user, 24), h("span", { class: "name" }, entry.authorName),
      entry.playing && equaliser(entry.playing.paused)),
    entry.playing && h("div", { class: "track", dataset: { track: entry.authorId } },
      h("span", { class: "title", title: `${entry.playing.title} — ${entry.playing.author}` }, entry.playing.title),
      h("span", { class: "line" }, h("i", { style: { width: share(entry.playing) } }))));
}

export function equaliser(paused) {
  return h("span", { class: `bars ${paused ? "still" : ""}`, "aria-hidden": "true" }, h("i"), h("i"), h("i"), h("i"));
}

export function share(playing) {
  return playing.length ? `${Math.min(100, (progress(playing) / playing.length) * 100).toFixed(2)}%` : "100%";
}

function tick(list) {
  for (const element of list.querySelectorAll("[data-track]")) {
    const playing = store.voice.flatMap((entry) => entry.members)
      .find((entry) => entry.authorId === element.dataset.track)?.playing;
    if (playing) element.querySelector("i").style.width = share(playing);
  }
}

function section(title, rows) {
  return h("section", {}, h("h2", {}, title), h("ul", {}, rows));
}

// MARK: who one is

function identity() {
  if (!store.me) return null;
  const voice = voiceOf(store.me.id);
  const picker = h("div", { class: "picker", role: "listbox", "aria-label": t("pickMember"), hidden: true },
    h("h3", {}, t("pickMember")),
    people().map((person) => h("button", {
      role: "option", "aria-selected": person.id === store.me.id, class: person.id === store.me.id ? "here" : "",
      dataset: { member: person.name }, onclick: () => become(person.id),
    }, avatar(person, 30), h("span", { class: "name" }, person.displayName),
    h("span", { class: "roles" }, [person.owner && t("owner"), ...person.roles].filter(Boolean).join(", ")))),
    settings());
  const button = h("button", {
    class: "me", id: "me", "aria-haspopup": "listbox", "aria-expanded": "false", title: t("pickMember"),
    onclick: () => {
      picker.hidden = !picker.hidden;
      button.setAttribute("aria-expanded", String(!picker.hidden));
      if (!picker.hidden) picker.querySelector("[aria-selected=true]")?.focus();
    },
  }, avatar(store.me, 36), h("span", { class: "lines" },
    h("small", {}, t("youAre")), h("strong", {}, store.me.displayName)));
  picker.addEventListener("keydown", (event) => {
    const options = [...picker.querySelectorAll("[role=option]")];
    const index = options.indexOf(document.activeElement);
    if (event.key === "Escape") {
      picker.hidden = true;
      button.focus();
    }
    if (event.key === "ArrowDown") options[(index + 1) % options.length]?.focus();
    if (event.key === "ArrowUp") options[(index - 1 + options.length) % options.length]?.focus();
  });
  return [
    voice && h("div", { class: "connected" }, equaliser(false), h("span", {}, t("inVoice", { channel: voice.channel })),
      h("button", { class: "tool", title: t("leave", { channel: voice.channel }), "aria-label":
        t("leave", { channel: voice.channel }), onclick: () => api.voice(store.me.name, null) }, icon("leave"))),
    picker,
    h("div", { class: "bottom" }, button,
      h("button", { class: "tool", title: t("theme"), "aria-label": t("theme"), onclick: () => emit("toggleTheme") },
        icon("sun"))),
  ];
}

function settings() {
  return h("label", { class: "language" }, icon("globe"), h("span", {}, t("language")),
    h("select", { onchange: (event) => emit("language", event.target.value) },
      Object.entries(LANGUAGES).map(([tag, name]) =>
        h("option", { value: tag, selected: tag === language() }, name))));
}

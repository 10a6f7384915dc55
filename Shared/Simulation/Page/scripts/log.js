import { h, icon, replace } from "./dom.js";
import { api } from "./api.js";
import { clock, day, t } from "./i18n.js";
import { emit, isVisible, on, partner, store } from "./store.js";
import { message } from "./message.js";
import { activeFaults } from "./faults.js";

// The middle pane: the channel's head and its messages, which appear, grow and go as they do.

const GROUP_MILLISECONDS = 5 * 60 * 1000;
const NEAR_END = 120;

export function startLog(bar, log) {
  const typing = h("div", { class: "typing", "aria-live": "polite" });
  const rows = h("ol", { class: "messages" });
  replace(log, rows);
  log.after(typing);

  const isNearEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END;
  const toEnd = () => { log.scrollTop = log.scrollHeight; };

  const drawBar = () => store.channel && replace(bar, head());
  const drawAll = () => {
    if (!store.channel) return;
    const list = (store.messages.get(store.channel.id) ?? []).filter(isVisible);
    replace(rows, welcome(), withDays(list));
    toEnd();
    drawTyping();
  };
  const drawTyping = () => {
    const names = [...(store.typing.get(store.channel?.id)?.values() ?? [])].map((entry) => entry.author);
    replace(typing, names.length > 0 && [h("span", { class: "dots" }, h("i"), h("i"), h("i")),
      h("span", {}, t(names.length > 1 ? "typingMany" : "typingOne", { names: names.slice(0, 3).join(", ") }))]);
  };
  const find = (id) => rows.querySelector(`[data-id="${CSS.escape(id)}"]`);

  on(["channel", "world", "me", "faultCount"], drawBar);
  on(["messages", "me"], drawAll);
  on(["world"], () => rows.childElementCount && drawAll());
  on(["typing", "channel"], drawTyping);
  on(["messageAdded"], (added) => {
    if (added.channelId !== store.channel?.id || !isVisible(added)) return;
    const follow = isNearEnd() || added.authorId === store.me?.id;
    const list = (store.messages.get(store.channel.id) ?? []).filter(isVisible);
    rows.append(...withDays([added], list.at(-2)));
    if (follow) toEnd();
  });
  on(["messageChanged"], (changed) => {
    const row = find(changed.id);
    if (!row) return;
    const follow = isNearEnd();
    row.replaceWith(message(changed, { grouped: row.classList.contains("grouped"), isWriting: Boolean(changed.edits) }));
    if (follow) toEnd();
    if (changed.edits) settle(changed);
  });
  on(["messageRemoved"], ({ id }) => {
    const row = find(id);
    if (!row) return;
    row.classList.add("gone");
    setTimeout(drawAllKeeping, 250);
  });
  on(["interaction"], (interaction) => {
    const isMine = interaction.authorId === store.me?.id && interaction.channelId === store.channel?.id;
    if (!isMine || interaction.state !== "failed") return;
    const note = h("li", { class: "notice" }, icon("eye"), h("span", {}, `/${interaction.name}: ${t("failed")}`),
      h("button", { class: "link", onclick: () => note.remove() }, t("dismiss")));
    rows.append(note);
    toEnd();
  });

  function drawAllKeeping() {
    const top = log.scrollTop;
    const follow = isNearEnd();
    drawAll();
    if (!follow) log.scrollTop = top;
  }

  // A message that is edited again and again is being written; it is done when no edit comes for a while.
  function settle(changed) {
    setTimeout(() => {
      const current = store.messages.get(changed.channelId)?.find((entry) => entry.id === changed.id);
      if (current === changed) find(changed.id)?.classList.remove("writing");
    }, 2200);
  }

  function withDays(list, before) {
    const output = [];
    let last = before;
    for (const entry of list) {
      const date = new Date(entry.createdAt);
      if (!last || new Date(last.createdAt).toDateString() !== date.toDateString()) {
        const isToday = date.toDateString() === new Date().toDateString();
        output.push(h("li", { class: "day", role: "separator" }, h("span", {}, isToday ? t("today") : day(date))));
      }
      output.push(message(entry, { grouped: isGrouped(entry, last) }));
      last = entry;
    }
    return output;
  }
}

function isGrouped(entry, last) {
  return Boolean(last) && last.authorId === entry.authorId && !entry.replyTo && !entry.interaction
    && last.ephemeral === entry.ephemeral
    && Date.parse(entry.createdAt) - Date.parse(last.createdAt) < GROUP_MILLISECONDS;
}

function title() {
  const { channel } = store;
  if (channel.kind !== "direct") return channel.name;
  return channel.draft ? channel.name : partner(channel)?.displayName ?? channel.name;
}

function head() {
  const { channel } = store;
  return [
    h("button", { class: "tool only-small", "aria-label": t("menu"), title: t("menu"),
      onclick: () => emit("drawer", "sidebar") }, icon("menu")),
    h("h2", {}, icon(channel.kind === "direct" ? "mail" : "hash"), title()),
    channel.topic && h("p", { class: "topic" }, channel.topic),
    h("span", { class: "gap" }),
    h("button", { class: `tool ${activeFaults() ? "alarmed" : ""}`, id: "alarm", "aria-label": t("faults"),
      title: t("faults"), onclick: () => emit("faults") }, icon("bolt"), activeFaults() > 0 && h("b", {}, activeFaults())),
    h("button", { class: "tool", "aria-label": t("showMembers"), title: t("showMembers"),
      onclick: () => emit("members") }, icon("people")),
  ];
}

function welcome() {
  const name = store.channel.kind === "direct" ? title() : `#${title()}`;
  return h("li", { class: "welcome" },
    h("span", { class: "sign" }, icon(store.channel.kind === "direct" ? "mail" : "hash")),
    h("h3", {}, t("welcome", { channel: name })), h("p", {}, t("welcomeText")));
}

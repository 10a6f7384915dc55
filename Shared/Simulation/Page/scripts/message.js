import { h, icon } from "./dom.js";
import { api } from "./api.js";
import { avatar, cover } from "./avatar.js";
import { clock, moment, t } from "./i18n.js";
import { colour } from "./aside.js";
import { components } from "./components.js";
import { emit, member, store } from "./store.js";
import { markdown } from "./markdown.js";

// One message: author, text, embeds, components, reactions, and what can be done with it.

const REACTIONS = ["👍", "❤️", "😂", "🎉"];

export function message(entry, { grouped = false, isWriting = false } = {}) {
  const user = member(entry.authorId)
    ?? { id: entry.authorId, name: entry.author, displayName: entry.authorName, bot: entry.bot };
  const at = new Date(entry.createdAt);
  const isLoading = entry.loading && !entry.content;
  const mentionsMe = store.me && entry.mentions?.includes(store.me.name);
  const classes = ["message", grouped && "grouped", entry.ephemeral && "ephemeral", isWriting && "writing",
    mentionsMe && "for-me"].filter(Boolean).join(" ");
  return h("li", { class: classes, dataset: { id: entry.id, author: entry.author } },
    origin(entry), reply(entry),
    h("div", { class: "gutter" }, grouped
      ? h("time", { datetime: entry.createdAt }, clock(at)) : avatar(user, 42)),
    h("div", { class: "body" },
      !grouped && h("div", { class: "byline" },
        h("span", { class: "author", style: colour(user) }, user.displayName ?? entry.authorName),
        entry.bot && h("span", { class: "badge" }, t("bot")),
        h("time", { datetime: entry.createdAt, title: moment(at) }, clock(at))),
      isLoading
        ? h("div", { class: "thinking" }, h("span", { class: "dots" }, h("i"), h("i"), h("i")),
            `${user.displayName ?? entry.authorName} ${t("thinking")}`)
        : content(entry),
      (entry.embeds ?? []).map(embed),
      (entry.attachments ?? []).map((file) => h("div", { class: "file" }, file.filename)),
      components(entry),
      reactions(entry),
      entry.ephemeral && h("div", { class: "only" }, icon("eye"), t("onlyYou"))),
    tools(entry));
}

// The note of an edit stands in the last line of the text.
function content(entry) {
  if (!entry.content) return null;
  const blocks = markdown(entry.content);
  if (entry.editedAt) {
    const note = h("span", { class: "edited", title: moment(new Date(entry.editedAt)) }, `(${t("edited")})`);
    const last = blocks.at(-1);
    if (last?.tagName === "P") last.append(note);
    else blocks.push(note);
  }
  return h("div", { class: "content" }, blocks);
}

function origin(entry) {
  if (!entry.interaction) return null;
  const author = store.members.find((one) => one.name === entry.interaction.author);
  return h("div", { class: "origin" }, icon("slash"),
    author && avatar(author, 16),
    h("span", {}, t("usedCommand", { author: author?.displayName ?? entry.interaction.author ?? "?" })),
    h("span", { class: "mention" }, `/${entry.interaction.name}`));
}

function reply(entry) {
  if (!entry.replyTo) return null;
  const original = store.messages.get(entry.channelId)?.find((one) => one.id === entry.replyTo);
  return h("div", { class: "origin" }, icon("reply"),
    original
      ? [h("strong", {}, original.authorName), h("span", { class: "quote" }, (original.text || "…").slice(0, 140))]
      : h("em", {}, t("replied")));
}

function tools(entry) {
  const isMine = entry.authorId === store.me?.id;
  return h("div", { class: "tools" },
    REACTIONS.map((emoji) => h("button", { title: t("react"), "aria-label": `${t("react")} ${emoji}`,
      onclick: () => api.react(store.me.name, entry.id, emoji, false) }, emoji)),
    h("button", { title: t("reply"), "aria-label": t("reply"), onclick: () => {
      store.replyTo = entry;
      emit("reply");
    } }, icon("reply")),
    isMine && h("button", { title: t("delete"), "aria-label": t("delete"),
      onclick: () => api.remove(store.me.name, entry.id) }, icon("trash")));
}

function reactions(entry) {
  if (!entry.reactions?.length) return null;
  return h("div", { class: "reactions" }, entry.reactions.map(({ emoji, count }) =>
    h("button", { onclick: () => api.react(store.me.name, entry.id, emoji, false) }, emoji, h("b", {}, count))));
}

// Pictures come from this machine alone; others leave a tile, so that the page asks nobody anything.
export function picture(address, className, alt = "") {
  let host = "";
  try {
    host = new URL(address, location.href).hostname;
  } catch {
    return null;
  }
  if (["127.0.0.1", "localhost", location.hostname].includes(host)) {
    return h("img", { src: address, class: className, alt, loading: "lazy" });
  }
  const tile = cover(address);
  tile.classList.add(className);
  tile.title = t("picture", { host });
  return tile;
}

function embed(entry) {
  const edge = entry.color ? `#${entry.color.toString(16).padStart(6, "0")}` : undefined;
  return h("article", { class: "embed", style: edge ? { "--edge": edge } : {} },
    h("div", { class: "columns" },
      h("div", { class: "words" },
        entry.author?.name && h("div", { class: "embed-author" }, entry.author.name),
        entry.title && h("h4", {}, safeLink(entry.url, markdown(entry.title))),
        entry.description && h("div", { class: "content" }, markdown(entry.description)),
        entry.fields?.length > 0 && h("dl", {}, entry.fields.map((field) =>
          h("div", { class: field.inline ? "field inline" : "field" },
            h("dt", {}, markdown(field.name)), h("dd", { class: "content" }, markdown(field.value)))))),
      entry.thumbnail?.url && picture(entry.thumbnail.url, "thumbnail")),
    entry.image?.url && picture(entry.image.url, "image"),
    (entry.footer?.text || entry.timestamp) && h("footer", {},
      [entry.footer?.text, entry.timestamp && moment(new Date(entry.timestamp))].filter(Boolean).join(" · ")));
}

function safeLink(address, children) {
  if (!/^https?:\/\//.test(address ?? "")) return children;
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, children);
}

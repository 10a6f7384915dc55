import { h, icon, replace } from "./dom.js";
import { api } from "./api.js";
import { avatar } from "./avatar.js";
import { commandIn } from "./command-line.js";
import { completions } from "./completion.js";
import { t } from "./i18n.js";
import { address, on, store } from "./store.js";

// Where one writes: messages, commands with their options, mentions.

const TYPING_PAUSE = 8000;
const AUTOCOMPLETE_PAUSE = 180;
const TALLEST = 220;

export function startComposer(root) {
  const field = h("textarea", {
    id: "composer", rows: 1, autocomplete: "off", spellcheck: "true", maxlength: 4000, role: "combobox",
    "aria-expanded": "false", "aria-controls": "completion", "aria-autocomplete": "list",
  });
  const list = h("div", { class: "completion", id: "completion", role: "listbox", hidden: true });
  const quote = h("div", { class: "quoting", hidden: true });
  const send = h("button", { class: "send", onclick: submit }, icon("send"));
  replace(root, list, quote, h("div", { class: "entry" }, field, send));

  let entries = [];
  let chosen = 0;
  let turn = 0;
  let bot = null;
  let lastTyping = 0;
  let timer = null;
  // The text that the list was made for, the one that it is being made for, and the one that it was waved away for.
  let madeFor = null;
  let pending = null;
  let dismissed = null;

  const label = () => {
    const { channel } = store;
    if (!channel) return;
    const name = channel.kind === "direct" ? `@${channel.draft ? channel.name : document.title.split(" · ")[0]}` : `#${channel.name}`;
    field.placeholder = t("compose", { channel: name });
    field.setAttribute("aria-label", field.placeholder);
    send.title = t("send");
    send.setAttribute("aria-label", t("send"));
  };
  const fit = () => {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, TALLEST)}px`;
    root.classList.toggle("commanding", field.value.startsWith("/"));
  };
  const close = () => {
    entries = [];
    madeFor = null;
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
  };

  function draw(found) {
    entries = found.entries;
    chosen = 0;
    const isOpen = entries.length > 0 || Boolean(found.empty) || (found.title && field.value.startsWith("/"));
    list.hidden = !isOpen;
    field.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) return;
    replace(list,
      found.command && signature(found),
      found.title && h("h3", {}, found.title),
      entries.length === 0 && found.empty && h("p", { class: "none" }, found.empty),
      entries.map((entry, index) => h("button", {
        role: "option", id: `option-${index}`, class: index === 0 && !found.isHint ? "here" : "", tabindex: "-1",
        onpointerdown: (event) => event.preventDefault(),
        onclick: () => choose(index),
      },
      entry.user && avatar(entry.user, 24),
      h("span", { class: "label" }, entry.label, entry.isRequired && h("sup", { title: t("required") }, "*")),
      entry.type && h("span", { class: "type" }, entry.type),
      h("span", { class: "hint" }, entry.hint ?? ""))));
    if (found.isHint) chosen = -1;
  }

  // The command with its options, those that are given marked.
  function signature({ command, state }) {
    return h("div", { class: "signature" },
      h("b", {}, `/${[command.name, ...state.path].join(" ")}`),
      state.options.map((option) => h("span", {
        class: [option.name in state.given ? "given" : "", option.required ? "required" : "",
          state.focus?.option?.name === option.name ? "focus" : ""].join(" ") }, option.name)),
      h("em", {}, command.botName));
  }

  function mark(next) {
    const options = list.querySelectorAll("[role=option]");
    if (!options.length) return;
    options[chosen]?.classList.remove("here");
    chosen = (next + options.length) % options.length;
    options[chosen].classList.add("here");
    options[chosen].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", options[chosen].id);
  }

  // Makes the list for what the field holds now, unless it is there or on its way already.
  function complete() {
    const text = field.value;
    clearTimeout(timer);
    if (madeFor === text) return Promise.resolve();
    if (pending?.text !== text) pending = { text, done: lookUp(text) };
    return pending.done;
  }

  async function lookUp(text) {
    const mine = ++turn;
    try {
      const found = await completions(text, bot);
      if (mine !== turn) return;
      madeFor = text;
      draw(found);
    } catch {
      // The list is help, not a duty: no completion where the application gives none.
      if (mine === turn) close();
    } finally {
      if (mine === turn) pending = null;
    }
  }

  // What is still being looked up is not shown any more.
  function abandon() {
    clearTimeout(timer);
    turn += 1;
    pending = null;
    close();
  }

  function choose(index) {
    const entry = entries[index];
    if (!entry) return;
    if (entry.bot) bot = entry.bot;
    field.value = entry.text;
    field.focus();
    fit();
    complete();
  }

  async function submit() {
    const text = field.value.trim();
    if (!text || !store.me || !store.channel) return;
    const command = text.startsWith("/") ? commandIn(text, store.commands, bot) : null;
    const replyTo = store.replyTo?.id;
    field.value = "";
    store.replyTo = null;
    bot = null;
    drawQuote();
    abandon();
    fit();
    lastTyping = 0;
    try {
      if (command) await api.command(store.me.name, address(), text, command.bot);
      else await api.say(store.me.name, address(), text, replyTo);
    } catch (error) {
      // What was refused comes back, so that it can be put right.
      if (!field.value) field.value = text;
      fit();
      throw error;
    }
  }

  function drawQuote() {
    quote.hidden = !store.replyTo;
    if (!store.replyTo) return;
    replace(quote, icon("reply"), t("replyingTo", { author: store.replyTo.authorName }),
      h("button", { class: "tool", "aria-label": t("cancel"), onclick: () => {
        store.replyTo = null;
        drawQuote();
      } }, icon("close")));
    field.focus();
  }

  field.addEventListener("input", () => {
    fit();
    dismissed = null;
    clearTimeout(timer);
    timer = setTimeout(complete, field.value.startsWith("/") && /\s/.test(field.value) ? AUTOCOMPLETE_PAUSE : 0);
    const now = Date.now();
    if (field.value && !field.value.startsWith("/") && now - lastTyping > TYPING_PAUSE && !store.channel?.draft) {
      lastTyping = now;
      // A channel in which one may not write refuses this, too; sending will tell.
      api.typing(store.me.name, address()).catch(() => {});
    }
  });
  // Tab and Enter choose from the list for what is in the field. Whoever types fast presses them before that list is
  // there: the key then waits for it, and counts for nothing if the text has changed meanwhile.
  function decide(event) {
    const isTab = event.key === "Tab";
    const text = field.value;
    const isCompletable = text.startsWith("/") || /(^|\s)@\S*$/u.test(text);
    const isListed = !list.hidden || isTab || /^\/\S+$/.test(text);
    if (isCompletable && isListed && madeFor !== text && dismissed !== text) {
      event.preventDefault();
      complete().then(() => field.value === text && act(isTab));
    } else if (!isTab || (!list.hidden && entries.length > 0)) {
      event.preventDefault();
      act(isTab);
    }
  }

  function act(isTab) {
    const isOpen = !list.hidden && entries.length > 0;
    if (isTab) {
      if (isOpen) choose(Math.max(0, chosen));
    } else if (isOpen && chosen >= 0 && entries[chosen].text.trimEnd() !== field.value.trimEnd()) {
      choose(chosen);
    } else {
      submit();
    }
  }

  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const isOpen = !list.hidden && entries.length > 0;
    if (isOpen && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      mark(chosen + (event.key === "ArrowDown" ? 1 : chosen < 0 ? 0 : -1));
    } else if (event.key === "Escape") {
      // Also what is still being looked up stays away: Enter then sends.
      dismissed = field.value;
      abandon();
    } else if (!event.shiftKey && (event.key === "Tab" || event.key === "Enter")) {
      decide(event);
    }
  });
  field.addEventListener("blur", () => setTimeout(() => document.activeElement === field || close(), 150));
  addEventListener("keydown", (event) => {
    const isTyping = ["INPUT", "TEXTAREA", "SELECT"].includes(document.activeElement?.tagName);
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1 || event.key === " ") return;
    if (document.activeElement?.tagName === "BUTTON" && event.key === "Enter") return;
    field.focus();
  });
  on(["channel", "world", "me"], label);
  on(["reply", "channel"], drawQuote);
  on(["channel"], () => {
    close();
    if (!matchMedia("(pointer: coarse)").matches) field.focus();
  });
}

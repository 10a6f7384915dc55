import { api } from "./api.js";
import { commandIn, matching, read, withOption, withValue } from "./command-line.js";
import { t } from "./i18n.js";
import { address, store } from "./store.js";

// What may follow what is typed: commands, subcommands, options, values, mentions. An entry has a label, a hint, and
// the text that choosing it makes of the line.

const LIMIT = 25;
const TYPES = { 3: "text", 4: "number", 5: "true / false", 6: "@member", 7: "#channel", 8: "@role", 9: "@", 10: "number" };

export async function completions(text, bot) {
  if (text.startsWith("/")) {
    const command = commandIn(text, store.commands, bot);
    const isNamed = command && /^\/\S+\s/.test(text);
    return isNamed ? inCommand(text, command) : forCommands(text);
  }
  return mentions(text);
}

function forCommands(text) {
  if (/\s/.test(text)) return { title: t("noCommands"), entries: [] };
  const found = matching(text, store.commands).slice(0, LIMIT);
  return {
    title: found.length ? t("commands") : t("noCommands"),
    entries: found.map((command) => ({
      label: `/${command.name}`, hint: command.description, user: store.members.find((one) => one.id === command.botId),
      text: `/${command.name} `, bot: command.bot,
    })),
  };
}

async function inCommand(text, command) {
  const state = read(text, command);
  if (state.subcommands.length) {
    const before = text.slice(0, text.length - state.typed.length).trimEnd();
    return {
      title: t("options"), command, state,
      entries: state.subcommands.map((option) => ({
        label: option.name, hint: option.description, text: `${before} ${option.name} ` })),
    };
  }
  const { focus } = state;
  if (focus?.option && (!text.endsWith(" ") || !focus.text)) {
    const entries = await valuesOf(focus, text, command);
    if (entries) {
      return {
        title: focus.option.description ?? focus.option.name, command, state,
        entries: entries.map((entry) => ({ ...entry, text: withValue(text, state, entry.value) })).slice(0, LIMIT),
        empty: focus.option.autocomplete ? t("noChoices") : undefined,
      };
    }
  }
  const open = state.options.filter((option) => !(option.name in state.given));
  return {
    title: t("options"), command, state, isHint: true,
    entries: open.map((option) => ({
      label: option.name, isRequired: option.required, hint: option.description, type: TYPES[option.type],
      text: withOption(text, option.name),
    })),
  };
}

async function valuesOf({ option, text: typed }, line, command) {
  const start = typed.toLowerCase();
  const fits = (label) => label.toLowerCase().includes(start);
  if (option.choices?.length) {
    return option.choices.filter((one) => fits(one.name)).map((one) => ({ label: one.name, value: one.name }));
  }
  if (option.autocomplete) {
    const answer = await api.autocomplete(store.me.name, address(), line, option.name, command.bot);
    return (answer.choices ?? []).map((one) => ({ label: one.name, value: one.value }));
  }
  switch (option.type) {
    case 5: return ["true", "false"].filter(fits).map((value) => ({ label: value, value }));
    case 6: case 9: return store.members.filter((one) => fits(one.displayName) || fits(one.name))
      .map((one) => ({ label: one.displayName, user: one, value: `@${one.name}` }));
    case 7: return store.channels.filter((one) => fits(one.name) && one.kind !== "category")
      .map((one) => ({ label: `#${one.name}`, value: `#${one.name}` }));
    case 8: return store.roles.filter((one) => fits(one.name)).map((one) => ({ label: one.name, value: `@${one.name}` }));
    default: return null;
  }
}

// `@al` at the end of the text.
function mentions(text) {
  const match = /(^|\s)@([\p{L}\p{N}_.-]*)$/u.exec(text);
  if (!match) return { entries: [] };
  const start = match[2].toLowerCase();
  const before = text.slice(0, text.length - match[2].length - 1);
  const members = store.members.filter(
    (one) => one.name.toLowerCase().startsWith(start) || one.displayName.toLowerCase().startsWith(start));
  const roles = store.roles.filter((one) => one.name !== "@everyone" && one.name.toLowerCase().startsWith(start)
    && !members.some((user) => user.displayName === one.name));
  return {
    title: t("members"),
    entries: [
      ...members.sort((a, b) => Number(b.bot) - Number(a.bot)).map((one) => ({
        label: one.displayName, hint: one.bot ? t("bot") : one.roles.join(", "), user: one, text: `${before}@${one.name} ` })),
      ...roles.map((one) => ({ label: `@${one.name}`, text: `${before}@${one.name} ` })),
    ].slice(0, LIMIT),
  };
}

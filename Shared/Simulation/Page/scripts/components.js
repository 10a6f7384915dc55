import { h } from "./dom.js";
import { api } from "./api.js";
import { t } from "./i18n.js";
import { markdown } from "./markdown.js";
import { picture } from "./message.js";
import { store } from "./store.js";

// Buttons, selects and layout of Discord's components, clickable as the member that one is.

const STYLES = ["", "primary", "secondary", "success", "danger", "link", "primary"];

export function components(entry) {
  if (!entry.components?.length) return null;
  return h("div", { class: "components" }, entry.components.map((part) => component(part, entry)));
}

function component(part, entry) {
  switch (part.type) {
    case 1: return h("div", { class: "row" }, (part.components ?? []).map((one) => component(one, entry)));
    case 2: return button(part, entry);
    case 3: case 5: case 6: case 7: case 8: return select(part, entry);
    case 9: return h("div", { class: "split" },
      h("div", {}, (part.components ?? []).map((one) => component(one, entry))),
      part.accessory && component(part.accessory, entry));
    case 10: return h("div", { class: "content" }, markdown(part.content));
    case 11: return part.media?.url && picture(part.media.url, "thumbnail", part.description);
    case 12: return h("div", { class: "row" },
      (part.items ?? []).map((item) => item.media?.url && picture(item.media.url, "image", item.description)));
    case 14: return h("hr");
    case 17: return h("div", { class: "embed" }, (part.components ?? []).map((one) => component(one, entry)));
    default: return null;
  }
}

function button(part, entry) {
  const label = [part.emoji?.name, part.label].filter(Boolean).join(" ");
  if (part.style === 5) {
    const isSafe = /^https?:\/\//.test(part.url ?? "");
    return h("a", { class: "button link", href: isSafe ? part.url : undefined, target: "_blank",
      rel: "noopener noreferrer nofollow" }, label, " ↗");
  }
  const element = h("button", {
    class: `button ${STYLES[part.style] ?? ""}`, disabled: part.disabled, dataset: { customId: part.custom_id },
    onclick: () => press(element, entry, part.custom_id),
  }, label);
  return element;
}

async function press(element, entry, customId, values) {
  element.classList.add("busy");
  try {
    await api.component(store.me.name, entry.id, customId, values);
  } finally {
    setTimeout(() => element.classList.remove("busy"), 600);
  }
}

function choices(part) {
  const members = store.members.map((one) => ({ label: one.displayName, value: one.id }));
  const roles = store.roles.map((one) => ({ label: `@${one.name}`, value: one.id }));
  switch (part.type) {
    case 5: return members;
    case 6: return roles;
    case 7: return [...members, ...roles];
    case 8: return store.channels.map((one) => ({ label: `#${one.name}`, value: one.id }));
    default: return part.options ?? [];
  }
}

function select(part, entry) {
  const isMultiple = (part.max_values ?? 1) > 1;
  const element = h("select", {
    class: "select", disabled: part.disabled, multiple: isMultiple, dataset: { customId: part.custom_id },
    "aria-label": part.placeholder ?? t("choose"),
    onchange: () => {
      const values = [...element.selectedOptions].map((option) => option.value).filter(Boolean);
      if (values.length >= (part.min_values ?? 1)) press(element, entry, part.custom_id, values);
    },
  },
  !isMultiple && h("option", { value: "", disabled: true, selected: !choices(part).some((one) => one.default) },
    part.placeholder ?? t("choose")),
  choices(part).map((one) => h("option", { value: one.value, selected: one.default, title: one.description },
    [one.emoji?.name, one.label, one.description && `— ${one.description}`].filter(Boolean).join(" "))));
  return element;
}

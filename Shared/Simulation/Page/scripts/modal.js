import { h } from "./dom.js";
import { api } from "./api.js";
import { t } from "./i18n.js";
import { on, store } from "./store.js";

// Modals that an application shows to the member who used a command or a component.

export function startModals() {
  on(["interaction"], (interaction) => {
    if (interaction.modal && interaction.authorId === store.me?.id) show(interaction);
  });
}

// Text inputs stand in action rows, or in labels of their own.
function inputs(components) {
  return (components ?? []).flatMap((entry) => {
    if (entry.type === 4) return [entry];
    if (entry.type === 18) return [{ label: entry.label, ...entry.component }];
    return inputs(entry.components);
  });
}

function show(interaction) {
  const { title, components } = interaction.modal;
  const author = store.me.name;
  const fields = inputs(components).map((input) => {
    const properties = {
      name: input.custom_id, required: input.required !== false, minlength: input.min_length,
      maxlength: input.max_length ?? 4000, placeholder: input.placeholder,
    };
    const control = input.style === 2
      ? h("textarea", { ...properties, rows: 5 }, input.value ?? "")
      : h("input", { ...properties, type: "text", value: input.value });
    return h("label", {}, h("span", {}, input.label ?? input.custom_id), control);
  });
  const dialog = h("dialog", { class: "modal", "aria-label": title },
    h("form", {
      method: "dialog", onsubmit: async (event) => {
        event.preventDefault();
        const values = Object.fromEntries(new FormData(event.target));
        dialog.close();
        await api.modal(author, interaction.id, values);
      },
    }, h("h2", {}, title), fields, h("div", { class: "buttons" },
      h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, t("cancel")),
      h("button", { class: "button primary" }, t("submit")))));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

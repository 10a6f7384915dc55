import { h, icon, replace } from "./dom.js";
import { api } from "./api.js";
import { clock, t } from "./i18n.js";
import { emit, on, store } from "./store.js";

// The panel of faults: what is to go wrong, what goes wrong now, what has. Kinds and their fields come from the server.

const NAMES = { rest: "REST", gateway: "Gateway", lavalink: "Lavalink", llm: "LLM" };
const LOOK_MILLISECONDS = 1000;
const PAST = 5;

const known = { active: [], past: [], kinds: [] };
const chosen = { target: "rest", kind: null };

export const activeFaults = () => known.active.length;

export function startFaults(root) {
  const form = h("form", { class: "order" });
  const list = h("div", { class: "going" });
  let board = null;
  const close = h("button", { class: "tool", title: t("dismiss"), "aria-label": t("dismiss"),
    onclick: () => emit("faults", false) }, icon("close"));
  const title = h("h2", {});
  replace(root, h("header", {}, title, close), form, list);

  const drawTitle = () => {
    replace(title, icon("bolt"), t("faults"));
    root.setAttribute("aria-label", t("faults"));
    for (const name of ["title", "aria-label"]) close.setAttribute(name, t("dismiss"));
  };
  const drawForm = () => replace(form, fields(choose));
  const drawList = () => {
    board = going(look);
    replace(list, board.elements);
    board.draw();
  };
  const choose = (change) => {
    Object.assign(chosen, change);
    drawForm();
  };
  const drawAll = () => {
    drawTitle();
    drawForm();
    drawList();
  };
  const look = async () => {
    const before = known.active.length;
    Object.assign(known, await api.faults());
    board?.draw();
    if (before !== known.active.length) emit("faultCount");
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await api.order(order(new FormData(form)));
    await look();
  });
  on(["faults"], async (wanted = root.hidden) => {
    root.hidden = !wanted;
    if (root.hidden) return;
    await look();
    drawAll();
    root.querySelector("input:checked")?.focus();
  });
  on(["world"], () => {
    if (!root.hidden) drawAll();
  });
  addEventListener("keydown", (event) => {
    // In the composer the key is the completion's.
    const isHere = root.contains(document.activeElement) || document.activeElement === document.body;
    if (event.key === "Escape" && isHere && !root.hidden) emit("faults", false);
  });
  // Faults come and go by themselves, and by other hands than this page's.
  setInterval(() => {
    if (document.hidden || !store.online || (root.hidden && !known.active.length)) return;
    look().catch(() => {}); // A lost connection is told by the stream of events.
  }, LOOK_MILLISECONDS);
}

// Empty fields are left to the kind's standard.
function order(form) {
  const body = { target: chosen.target, kind: chosen.kind };
  for (const name of ["bot", "route"]) if (form.get(name)) body[name] = form.get(name);
  for (const name of ["count", "ms", "code"]) if (form.get(name)) body[name] = Number(form.get(name));
  return body;
}

// MARK: what is to go wrong

function fields(choose) {
  const targets = Object.keys(NAMES).filter((target) => known.kinds.some((entry) => entry.target === target));
  const kinds = known.kinds.filter((entry) => entry.target === chosen.target);
  const kind = kinds.find((entry) => entry.kind === chosen.kind) ?? kinds[0];
  chosen.kind = kind?.kind;
  if (!kind) return null;
  const slugs = store.bots.map((bot) => bot.slug ?? bot.name);
  return [
    h("div", { class: "targets", role: "radiogroup", "aria-label": t("faultTarget") }, targets.map((target) =>
      radio("target", target, NAMES[target], target === chosen.target, () => choose({ target, kind: null })))),
    h("div", { class: "kinds", role: "radiogroup", "aria-label": t("faultKind") }, kinds.map((entry) =>
      radio("kind", entry.kind, entry.kind, entry === kind, () => choose({ kind: entry.kind })))),
    h("div", { class: "numbers" },
      kind.bot && field(t("faultBot"), h("select", { name: "bot" }, h("option", { value: "" }, t("everyBot")),
        slugs.map((slug) => h("option", { value: slug }, slug)))),
      field(t("faultCount"), number("count", 1, 100000, kind.ms.meaning === "lifetime" && kind.ms.default ? "∞" : "1")),
      field({ wait: t("faultWait"), lifetime: t("faultLifetime"), interval: t("faultInterval") }[kind.ms.meaning],
        number("ms", 0, 600000, kind.ms.default ?? "–")),
      kind.code && field(t("faultCode"), number("code", kind.code.least, kind.code.most, kind.code.default)),
      kind.route && field(t("faultRoute"), h("input", { name: "route", placeholder: "POST", autocomplete: "off",
        spellcheck: "false" }), "route"),
      h("button", { class: "button danger" }, icon("bolt"), t("startFault"))),
  ];
}

function radio(name, value, text, isChosen, choose) {
  return h("label", {}, h("input", { type: "radio", name, value, checked: isChosen, onchange: () => {
    choose();
    document.querySelector(`#faults input[name=${name}]:checked`)?.focus();
  } }), h("span", {}, text));
}

function field(label, control, kind) {
  return h("label", { class: kind ? `ask ${kind}` : "ask" }, h("span", {}, label), control);
}

function number(name, least, most, standard) {
  return h("input", { name, type: "number", min: least, max: most, step: 1, placeholder: standard });
}

// MARK: what goes wrong, and what has

// Rows stay while their faults do: a button that one is about to press does not move away or lose its focus.
function going(look) {
  const rows = new Map();
  const active = h("ul", { class: "active" });
  const past = h("ul", {});
  const none = h("p", { class: "quiet" }, t("noFaults"));
  const clear = h("button", { class: "clear", onclick: async () => {
    await api.endFaults();
    await look();
  } }, t("clearFaults"));
  const pastTitle = h("h3", {}, t("pastFaults"));
  const elements = [h("h3", {}, t("activeFaults"), clear), none, active, pastTitle, past];

  const draw = () => {
    for (const fault of known.active) {
      const facts = rows.get(fault.id)?.firstElementChild ?? h("div", { class: "facts" });
      replace(facts, describe(fault, true));
      if (!rows.has(fault.id)) {
        rows.set(fault.id, h("li", { dataset: { fault: fault.kind } }, facts, stop(fault, look)));
        active.prepend(rows.get(fault.id));
      }
    }
    for (const [id, row] of rows) {
      if (known.active.some((fault) => fault.id === id)) continue;
      row.remove();
      rows.delete(id);
    }
    replace(past, known.past.slice(-PAST).reverse().map((fault) =>
      h("li", { dataset: { past: fault.kind } }, h("div", { class: "facts" }, describe(fault, false)))));
    none.hidden = known.active.length > 0;
    clear.hidden = !none.hidden;
    past.hidden = pastTitle.hidden = !known.past.length;
  };
  return { elements, draw };
}

function stop(fault, look) {
  return h("button", { class: "tool", title: t("endFault"), "aria-label": t("endFault"), onclick: async () => {
    await api.endFaults(fault.id);
    await look();
  } }, icon("close"));
}

function describe(fault, isActive) {
  const last = fault.did.at(-1);
  return [
    h("span", { class: "target" }, NAMES[fault.target]),
    h("span", { class: "lines" },
      h("strong", {}, fault.kind, fault.code ? ` ${fault.code}` : "", fault.bot && h("em", {}, fault.bot)),
      h("small", { title: last?.what }, last ? `${clock(new Date(last.at))} · ${last.what}` : fault.route)),
    h("span", { class: "tally" },
      h("b", {}, fault.count ? `${fault.done} / ${fault.count}` : fault.done),
      isActive && h("small", {}, fault.until ? t("faultEnds", { seconds: secondsTo(fault.until) })
        : t("faultsLeft", { count: fault.remaining }))),
  ];
}

function secondsTo(instant) {
  return Math.max(0, Math.ceil((Date.parse(instant) - Date.now()) / 1000));
}

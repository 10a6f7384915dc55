import { h } from "./dom.js";
import { timestamp } from "./i18n.js";
import { channelOf, member, role, store } from "./store.js";

// Discord's markdown as elements. It only ever makes text nodes and known elements, and links to http and https only.

const DEPTH = 8;

export function markdown(text) {
  return blocks(String(text ?? ""), 0);
}

function blocks(text, depth) {
  const output = [];
  let rest = text;
  while (rest) {
    const fence = /```(?:([\w+#.-]{1,20})\n)?([\s\S]*?)```/.exec(rest);
    // A fence that is still open belongs to an answer that is still being written.
    const open = fence ? null : /```(?:([\w+#.-]{1,20})\n)?([\s\S]*)$/.exec(rest);
    const found = fence ?? open;
    output.push(...lines(found ? rest.slice(0, found.index) : rest, depth));
    if (!found) break;
    output.push(h("pre", { class: "code" }, found[1] && h("span", { class: "language" }, found[1]),
      h("code", {}, found[2].replace(/^\n+|\n+$/g, ""))));
    rest = rest.slice(found.index + found[0].length).replace(/^\n/, "");
  }
  return output;
}

function lines(text, depth) {
  const output = [];
  let paragraph = [];
  let list = null;
  const flush = () => {
    if (paragraph.length) {
      const nodes = paragraph.flatMap((line, index) => [index ? h("br") : null, ...inline(line, 0)]);
      output.push(h("p", {}, nodes));
    }
    paragraph = [];
    list = null;
  };
  const all = text.split("\n");
  for (let index = 0; index < all.length; index += 1) {
    const line = all[index];
    if (line.startsWith(">>> ") && depth < DEPTH) {
      flush();
      output.push(h("blockquote", {}, blocks([line.slice(4), ...all.slice(index + 1)].join("\n"), depth + 1)));
      break;
    }
    if (/^> ?/.test(line) && line !== ">" && line.startsWith("> ") && depth < DEPTH) {
      flush();
      const quoted = [];
      while (index < all.length && all[index].startsWith("> ")) quoted.push(all[index++].slice(2));
      index -= 1;
      output.push(h("blockquote", {}, blocks(quoted.join("\n"), depth + 1)));
      continue;
    }
    const heading = /^(#{1,3}) +(.+)$/.exec(line);
    if (heading) {
      flush();
      output.push(h(`h${heading[1].length + 2}`, { class: "heading" }, inline(heading[2], 0)));
      continue;
    }
    if (line.startsWith("-# ")) {
      flush();
      output.push(h("p", { class: "subtext" }, inline(line.slice(3), 0)));
      continue;
    }
    const item = /^ *(?:[-*]|(\d+)\.) +(.+)$/.exec(line);
    if (item) {
      if (!list || (list.tagName === "OL") !== Boolean(item[1])) {
        flush();
        list = h(item[1] ? "ol" : "ul", item[1] ? { start: item[1] } : {});
        output.push(list);
      }
      list.append(h("li", {}, inline(item[2], 0)));
      continue;
    }
    if (line === "") {
      if (paragraph.length) flush();
      continue;
    }
    if (list) flush();
    paragraph.push(line);
  }
  flush();
  return output;
}

const RULES = [
  [/^\\([\\*_~|`>#\[\]()<@:-])/, (m) => m[1]],
  [/^(`{1,2})([\s\S]+?)\1(?!`)/, (m) => h("code", { class: "inline" }, m[2].replace(/^ (.*) $/, "$1"))],
  [/^\*\*\*([\s\S]+?)\*\*\*(?!\*)/, (m, d) => h("strong", {}, h("em", {}, inline(m[1], d)))],
  [/^\*\*([\s\S]+?)\*\*(?!\*)/, (m, d) => h("strong", {}, inline(m[1], d))],
  [/^__([\s\S]+?)__(?!_)/, (m, d) => h("u", {}, inline(m[1], d))],
  [/^~~([\s\S]+?)~~/, (m, d) => h("s", {}, inline(m[1], d))],
  [/^\|\|([\s\S]+?)\|\|/, (m, d) => spoiler(inline(m[1], d))],
  [/^\*(?!\s)([\s\S]+?)(?<!\s)\*(?!\*)/, (m, d) => h("em", {}, inline(m[1], d))],
  [/^_(?!\s)([\s\S]+?)_(?![\w_])/, (m, d) => h("em", {}, inline(m[1], d))],
  [/^<@!?(\d+)>/, (m) => mention("@", member(m[1])?.displayName, m[1], member(m[1])?.id === store.me?.id)],
  [/^<@&(\d+)>/, (m) => mention("@", role(m[1])?.name, m[1])],
  [/^<#(\d+)>/, (m) => mention("#", channelOf(m[1])?.name, m[1])],
  [/^<t:(-?\d{1,13})(?::([tTdDfFR]))?>/, (m) => h("time", { class: "stamp" }, timestamp(Number(m[1]), m[2]))],
  [/^<\/([\w -]{1,100}):\d+>/, (m) => h("span", { class: "mention" }, `/${m[1]}`)],
  [/^<a?:(\w{2,32}):\d+>/, (m) => `:${m[1]}:`],
  [/^\[([^\]\n]{1,500})\]\(<?(https?:\/\/[^\s<>)]+)>?\)/, (m, d) => link(m[2], inline(m[1], d))],
  [/^<(https?:\/\/[^\s<>]+)>/, (m) => link(m[1], m[1])],
  [/^https?:\/\/[^\s<>"']*[^\s<>"'.,:;!?)\]]/, (m) => link(m[0], m[0])],
  [/^@(?:everyone|here)\b/, (m) => h("span", { class: "mention loud" }, m[0])],
];

function inline(text, depth) {
  if (depth > DEPTH) return [text];
  const output = [];
  let plain = "";
  let rest = text;
  let previous = "";
  scan: while (rest) {
    if (/[\\`*_~|<\[h@]/.test(rest[0])) {
      for (const [pattern, make] of RULES) {
        // Underscores and bare addresses inside of words are words.
        if ((pattern.source.startsWith("^_(") || pattern.source.startsWith("^https")) && /\w/.test(previous)) continue;
        const match = pattern.exec(rest);
        if (!match) continue;
        if (plain) output.push(plain);
        plain = "";
        output.push(make(match, depth + 1));
        previous = match[0].at(-1);
        rest = rest.slice(match[0].length);
        continue scan;
      }
    }
    const next = String.fromCodePoint(rest.codePointAt(0));
    plain += next;
    previous = next;
    rest = rest.slice(next.length);
  }
  if (plain) output.push(plain);
  return output;
}

function mention(sign, name, id, isMe = false) {
  return h("span", { class: isMe ? "mention mine" : "mention" }, sign, name ?? id);
}

function link(address, label) {
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, label);
}

function spoiler(children) {
  const reveal = (event) => event.currentTarget.classList.add("open");
  return h("span", {
    class: "spoiler", role: "button", tabindex: "0", onclick: reveal,
    onkeydown: (event) => (event.key === "Enter" || event.key === " ") && reveal(event),
  }, h("span", {}, children));
}

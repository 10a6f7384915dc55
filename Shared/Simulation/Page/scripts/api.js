// The control API of the playground (see DESIGN of /control): the page acts through it and nothing else.

export class Refused extends Error {}

async function answer(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(body.error ?? `HTTP ${response.status}`);
  return body;
}

async function post(path, body) {
  return answer(await fetch(`/control/${path}`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  }));
}

async function get(path, query = {}) {
  return answer(await fetch(`/control/${path}?${new URLSearchParams(query)}`));
}

export const api = {
  world: () => get("world"),
  transcript: (channel) => get("transcript", { channel, limit: 200 }),
  say: (author, channel, content, replyTo) =>
    post("messages", replyTo ? { author, channel, content, replyTo } : { author, channel, content }),
  command: (author, channel, command, bot) => post("commands", { author, channel, command, bot }),
  autocomplete: (author, channel, command, focused, bot) =>
    post("autocomplete", { author, channel, command, focused, bot }),
  component: (author, message, customId, values) => post("components", { author, message, customId, values }),
  modal: (author, interaction, fields) => post("modals", { author, interaction, fields }),
  voice: (author, channel) => post("voice", { author, channel }),
  typing: (author, channel) => post("typing", { author, channel }),
  react: (author, message, emoji, remove) => post("reactions", { author, message, emoji, remove }),
  faults: () => get("faults"),
  order: (fault) => post("faults", fault),
  endFaults: async (id) =>
    answer(await fetch(`/control/faults?${new URLSearchParams(id ? { id } : {})}`, { method: "DELETE" })),
  remove: (author, message) => post("delete", { author, message }),
};

// Follows the world's changes; `receive(kind, payload)` for each, `link(isUp)` when the stream comes or goes.
export function follow(kinds, receive, link) {
  const source = new EventSource("/control/events");
  source.onopen = () => link(true);
  source.onerror = () => link(false);
  for (const kind of kinds) source.addEventListener(kind, (event) => receive(kind, JSON.parse(event.data)));
}

import { api, follow } from "./api.js";

// What the page knows: the world's summary, the messages of the channels that were opened, who types, what plays.
// Views subscribe to topics and read from here; nothing else changes it.

const MESSAGES = 600;
const TYPING_MILLISECONDS = 9000;

export const store = {
  guild: { name: "" }, channels: [], directs: [], members: [], roles: [], bots: [], commands: [], voice: [],
  me: null, channel: null, messages: new Map(), typing: new Map(), unread: new Map(), online: false, notices: [],
  replyTo: null,
};

const listeners = new Map();

export function on(topics, listener) {
  for (const topic of topics) listeners.set(topic, [...(listeners.get(topic) ?? []), listener]);
}

export function emit(topic, payload) {
  for (const listener of listeners.get(topic) ?? []) listener(payload);
}

export const member = (id) => store.members.find((entry) => entry.id === id);
export const role = (id) => store.roles.find((entry) => entry.id === id);
export const channelOf = (id) => [...store.channels, ...store.directs].find((entry) => entry.id === id);
export const people = () => store.members.filter((entry) => !entry.bot && entry.present !== false);
export const bots = () => store.members.filter((entry) => entry.bot && entry.present !== false);

// A direct channel as its person sees it: the other one's name.
export function partner(channel) {
  return member(channel.recipients?.find((id) => id !== store.me?.id));
}

// Where the control API writes: a direct channel that is not there yet is named by its bot.
export function address() {
  return store.channel?.draft ? `dm:${store.channel.draft}` : store.channel?.id;
}

export function voiceOf(id) {
  return store.voice.find((entry) => entry.members.some((present) => present.authorId === id));
}

function take(world) {
  Object.assign(store, {
    guild: world.guild, channels: world.channels, directs: world.directChannels ?? [], members: world.members,
    roles: world.roles, bots: world.bots, commands: world.commands, voice: stamped(world.voice),
  });
  store.members.sort((one, other) => one.displayName.localeCompare(other.displayName));
  if (store.me) store.me = member(store.me.id) ?? store.me;
}

// Positions of tracks run on between two reports.
function stamped(voice) {
  const now = performance.now();
  for (const entry of voice) for (const present of entry.members) if (present.playing) present.playing.seen = now;
  return voice;
}

// Voice without positions.
function outline(voice) {
  return JSON.stringify(voice, (key, value) => (key === "position" || key === "seen" ? undefined : value));
}

export function progress(playing) {
  const passed = playing.paused ? 0 : performance.now() - playing.seen;
  const position = playing.position + passed;
  return playing.length ? Math.min(position, playing.length) : position;
}

export async function refresh() {
  take(await api.world());
  emit("world");
}

export async function open(channel) {
  store.channel = channel;
  store.replyTo = null;
  store.unread.delete(channel.id);
  emit("channel");
  if (channel.draft) {
    store.messages.set(channel.id, []);
  } else {
    const transcript = await api.transcript(channel.id);
    store.messages.set(channel.id, transcript);
  }
  if (store.channel === channel) emit("messages");
}

export function become(id) {
  const next = member(id);
  if (!next || next.id === store.me?.id) return;
  store.me = next;
  localStorage.setItem("member", next.name);
  emit("me");
}

// An ephemeral message is for one person; everybody else does not know of it.
export function isVisible(message) {
  return !message.ephemeral || message.visibleTo === store.me?.name;
}

function receiveMessage(message) {
  const list = store.messages.get(message.channelId);
  typed(message.channelId, message.authorId);
  if (list) {
    const index = list.findIndex((entry) => entry.id === message.id);
    if (index >= 0) {
      message.touched = performance.now();
      list[index] = message;
      emit("messageChanged", message);
    } else {
      list.push(message);
      if (list.length > MESSAGES) list.shift();
      emit("messageAdded", message);
    }
  }
  const isNew = message.channelId !== store.channel?.id && !message.edits && isVisible(message);
  if (isNew) {
    store.unread.set(message.channelId, (store.unread.get(message.channelId) ?? 0) + 1);
    emit("unread");
  }
  const direct = store.channel?.draft && message.channel?.includes("+");
  if (direct && !channelOf(message.channelId)) refresh().then(adoptDirect);
}

// The first message of a direct conversation makes its channel.
function adoptDirect() {
  const draft = store.channel?.draft;
  const found = store.directs.find(
    (entry) => entry.recipients.includes(store.me.id) && partner(entry)?.name.toLowerCase() === draft?.toLowerCase());
  if (draft && found) open(found);
}

function typed(channel, user) {
  const entries = store.typing.get(channel);
  if (entries?.delete(user)) emit("typing");
}

const handlers = {
  message: receiveMessage,
  messageDeleted({ id, channelId }) {
    const list = store.messages.get(channelId);
    if (!list) return;
    store.messages.set(channelId, list.filter((entry) => entry.id !== id));
    emit("messageRemoved", { id, channelId });
  },
  typing({ channelId, userId, author }) {
    if (userId === store.me?.id) return;
    const entries = store.typing.get(channelId) ?? new Map();
    entries.set(userId, { author, until: performance.now() + TYPING_MILLISECONDS });
    store.typing.set(channelId, entries);
    emit("typing");
    setTimeout(() => {
      const entry = entries.get(userId);
      if (entry && entry.until <= performance.now() + 50) typed(channelId, userId);
    }, TYPING_MILLISECONDS);
  },
  voice(voice) {
    // Positions come each second; views run on by themselves and are drawn again only when something else changed, for
    // what is drawn again cannot be clicked meanwhile.
    const isNews = outline(voice) !== outline(store.voice);
    store.voice = stamped(voice);
    if (isNews) emit("voice");
  },
  channel(channel) {
    const known = store.channels.findIndex((entry) => entry.id === channel.id);
    if (channel.deleted) store.channels = store.channels.filter((entry) => entry.id !== channel.id);
    else if (known >= 0) store.channels[known] = channel;
    else return void refresh();
    emit("world");
  },
  member(changed) {
    const known = store.members.findIndex((entry) => entry.id === changed.id);
    if (known >= 0) store.members[known] = changed;
    else store.members.push(changed);
    if (store.me?.id === changed.id) store.me = changed;
    emit("world");
  },
  bots: () => refresh(),
  commands: () => refresh(),
  interaction(interaction) {
    emit("interaction", interaction);
  },
};

export async function start() {
  await refresh();
  const wanted = new URLSearchParams(location.search).get("as") ?? localStorage.getItem("member");
  store.me = people().find((entry) => entry.name === wanted) ?? people()[0];
  emit("me");
  let wasDown = false;
  follow(Object.keys(handlers), (kind, payload) => handlers[kind](payload), (isUp) => {
    store.online = isUp;
    emit("link");
    if (!isUp) wasDown = true;
    else if (wasDown) {
      // What happened meanwhile is not told again: read it.
      wasDown = false;
      refresh().then(() => store.channel && open(channelOf(store.channel.id) ?? store.channel));
    }
  });
  const named = decodeURIComponent(location.hash.slice(1));
  const texts = store.channels.filter((entry) => entry.kind === "text");
  await open(texts.find((entry) => entry.name === named) ?? texts[0]);
}

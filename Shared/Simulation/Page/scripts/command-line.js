// Reads what a person types after a slash, as far as it goes: which command, which subcommand, which options, and what
// the caret is in. Pure functions, no page.

const SUBCOMMAND = 1;
const GROUP = 2;

// The command whose name begins the text (`/play lofi`), or null.
export function commandIn(text, commands, bot) {
  const name = /^\/(\S+)/.exec(text)?.[1];
  const named = commands.filter((command) => command.type === 1 && command.name === name);
  return named.find((command) => command.bot === bot) ?? named[0] ?? null;
}

// Commands that begin with what is typed so far.
export function matching(text, commands) {
  const start = text.slice(1).toLowerCase();
  return commands.filter((command) => command.type === 1 && command.name.startsWith(start));
}

// The state of a command line whose caret is at its end.
//   path: subcommand names; options: those that may be given now; given: name → text; missing: required ones;
//   focus: { option, text } that is being typed; subcommands: those to choose from.
export function read(text, command) {
  let rest = text.slice(1 + command.name.length);
  let options = command.options ?? [];
  const path = [];
  while (options.length && options[0].type <= GROUP) {
    const match = /^\s+(\S*)/.exec(rest);
    if (!match) return { path, subcommands: options, typed: "", options: [], given: {}, missing: [], focus: null };
    const next = options.find((option) => option.name === match[1]);
    const isFinished = next && rest.length > match[0].length;
    if (!isFinished && !(next && next.type === SUBCOMMAND && !(next.options ?? []).length)) {
      const fitting = options.filter((option) => option.name.startsWith(match[1]));
      return { path, subcommands: fitting, typed: match[1], options: [], given: {}, missing: [], focus: null };
    }
    path.push(next.name);
    rest = rest.slice(match[0].length);
    options = next.options ?? [];
    if (next.type === SUBCOMMAND) break;
  }
  return { path, subcommands: [], typed: "", ...values(rest, options) };
}

// `name:value` pairs, a value running up to the next known name; text before the first name fills the first option.
function values(rest, options) {
  const names = options.map((option) => option.name);
  const marks = [];
  const pattern = /(^|\s)([^\s:]+):/gu;
  for (let match = pattern.exec(rest); match; match = pattern.exec(rest)) {
    if (names.includes(match[2])) {
      marks.push({ name: match[2], start: match.index, value: match.index + match[0].length });
    }
  }
  const given = {};
  const lead = rest.slice(0, marks[0]?.start ?? rest.length);
  if (lead.trim() && options.length) given[options[0].name] = lead.trim();
  marks.forEach((mark, index) => {
    given[mark.name] = rest.slice(mark.value, marks[index + 1]?.start ?? rest.length).trim();
  });
  const missing = options.filter((option) => option.required && !given[option.name]);
  let focus = null;
  const last = marks.at(-1);
  if (last) focus = { option: options.find((option) => option.name === last.name), text: rest.slice(last.value).trimStart() };
  else if (lead.trim() && options.length) focus = { option: options[0], text: lead.trimStart() };
  return { options, given, missing, focus };
}

// The text with the value that is being typed replaced.
export function withValue(text, state, value) {
  const { option, text: typed } = state.focus;
  const before = text.slice(0, text.length - typed.length);
  const isNamed = new RegExp(`(^|\\s)${option.name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}:\\s*$`, "u").test(before);
  return `${before.trimEnd()}${isNamed ? "" : ` ${option.name}:`}${value} `;
}

// The text with an option's name put at its end.
export function withOption(text, name) {
  return `${text.trimEnd()} ${name}:`;
}

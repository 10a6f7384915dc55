import { h, s } from "./dom.js";

// A number that follows from a text alone (FNV-1a).
export function hash(text) {
  let value = 0x811c9dc5;
  for (const character of String(text)) {
    value ^= character.codePointAt(0);
    value = Math.imul(value, 0x01000193) >>> 0;
  }
  return value;
}

// The four bots of the troupe have signs of their own; everyone else gets an initial.
const SIGNS = {
  rainbow: {
    back: ["#f472b6", "#fb923c", "#facc15", "#34d399", "#38bdf8"],
    paths: ["M14 42a18 18 0 0 1 36 0", "M21 42a11 11 0 0 1 22 0", "M28 42a4 4 0 0 1 8 0"],
  },
  iris: {
    back: ["#7c3aed", "#c084fc"],
    paths: ["M12 32s8-13 20-13 20 13 20 13-8 13-20 13-20-13-20-13z", "M32 39a7 7 0 1 0 0-14 7 7 0 0 0 0 14z"],
  },
  aurora: {
    back: ["#059669", "#22d3ee", "#a3e635"],
    paths: ["M13 44c6-22 10-22 13-10s7 6 10-10 8-8 15 4", "M13 50c8-12 14-12 19-6s12 2 19-6"],
  },
  selene: {
    back: ["#1e3a8a", "#93c5fd"],
    paths: ["M40 44A16 16 0 1 1 33 18a13 13 0 1 0 7 26z", "M45 20v7M41.500 23.500h7"],
  },
};

export function avatar(user, size = 40) {
  const sign = user.bot ? SIGNS[String(user.name).toLowerCase()] : undefined;
  const hue = hash(user.id ?? user.name) % 360;
  const colours = sign?.back ?? [`hsl(${hue} 60% 52%)`, `hsl(${(hue + 48) % 360} 66% 40%)`];
  const content = sign
    ? s("svg", { viewBox: "0 0 64 64" },
        sign.paths.map((d) => s("path", { d, fill: "none", stroke: "#fff", "stroke-width": "4.2",
          "stroke-linecap": "round", "stroke-linejoin": "round" })))
    : [...(user.displayName ?? user.name ?? "?")][0].toUpperCase();
  return h("span", {
    class: `avatar ${user.bot ? "bot" : ""}`, "aria-hidden": "true",
    style: { "--size": `${size}px`, "background-image": `linear-gradient(135deg, ${colours.join(", ")})` },
  }, content);
}

export function cover(title) {
  const hue = hash(title) % 360;
  return h("span", { class: "cover", "aria-hidden": "true",
    style: {
      "background-image": `radial-gradient(circle at 28% 24%, hsl(${(hue + 60) % 360} 90% 74%) 0 14%, transparent 15%),`
        + `linear-gradient(160deg, hsl(${hue} 70% 46%), hsl(${(hue + 80) % 360} 72% 24%))` } },
    s("svg", { viewBox: "0 0 64 64" },
      s("path", { d: "M0 44c10-8 18-8 30 0s22 8 34 0v20H0z", fill: `hsl(${(hue + 40) % 360} 80% 62%)`, opacity: ".8" }),
      s("path", { d: "M0 52c12-7 20-7 32 0s20 7 32 0v12H0z", fill: `hsl(${(hue + 20) % 360} 80% 40%)`, opacity: ".9" })));
}

// Elements. Whatever comes from the data becomes a text node or an attribute, never markup.

const SVG = "http://www.w3.org/2000/svg";

const filled = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
    else if (name === "css")
      for (const [key, each] of Object.entries(value)) element.style.setProperty(key, each);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""),
  );
  return element;
};

const el = (tag, attributes, ...children) => filled(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) =>
  filled(document.createElementNS(SVG, tag), attributes, children);
const box = (kind, ...children) => el("div", { class: kind }, ...children);
const note = (...children) => el("span", { class: "note" }, ...children);
const unseen = (...children) => el("span", { class: "unseen" }, ...children);
const fixed = (...children) => el("span", { "data-static": true }, ...children);
const byId = (id) => document.getElementById(id);

/** A sign that repeats what a word beside it says. */
const glyph = (sign, kind) => el("span", { class: `glyph ${kind}`, "aria-hidden": "true" }, sign);

/** Words, a thin space and what follows, kept on one line. */
const fact = (name, ...values) =>
  box("fact", el("span", { class: "fact-name" }, name), el("span", { class: "fact-value" }, ...values));

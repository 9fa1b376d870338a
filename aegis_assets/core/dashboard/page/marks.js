// Small marks: positions are shares of a width, set from the values that they carry.

const percent = (part) => `${(100 * part).toFixed(3)}%`;
const bounded = (part) => Math.min(1, Math.max(0, part));
const gradeOf = (scale, value) => scale.grades[scale.starts.filter((start) => value >= start).length];

const SIDES = {
  UP: { sign: "\u25B2", kind: "up", name: "Up" },
  NEUTRAL: { sign: "\u25C6", kind: "flat", name: "Neutral" },
  DOWN: { sign: "\u25BC", kind: "down", name: "Down" },
};

/** Parts of a whole side by side: [{pointer, side}], each named and told below. */
const splitBar = (parts) => {
  const known = parts.filter(({ pointer }) => at(pointer) !== null);
  if (known.length < parts.length) return note(missing(reasonOf(parts[0].pointer)));
  const bars = parts.map(({ pointer, side }) =>
    el("span", { class: `part ${SIDES[side].kind}`, css: { "flex-grow": at(pointer) }, ...drawn(pointer) }),
  );
  const names = parts.map(({ pointer, side, name }) =>
    el(
      "span",
      { class: "key" },
      glyph(SIDES[side].sign, SIDES[side].kind),
      unseen(`${name ?? SIDES[side].name} `),
      shown(pointer, "share"),
    ),
  );
  return box("split", el("div", { class: "parts", "aria-hidden": "true" }, bars), box("keys", names));
};

/** A number from 0 to 1 on its scale, the grades' borders marked. */
const meter = (pointer, scaleName) => {
  const value = at(pointer);
  const scale = declared.scales[scaleName];
  const starts = scale ? scale.starts : [];
  const borders = starts.map((start) => el("span", { class: "border", css: { left: percent(start) } }));
  const labels = starts.map((start) =>
    el("span", { class: "border-name", "data-static": true, css: { left: percent(start) } }, share(start)),
  );
  return el(
    "div",
    { class: "meter", "aria-hidden": "true" },
    box(
      "track",
      el("span", { class: "reached", css: { width: percent(bounded(value)) }, ...drawn(pointer) }),
      borders,
      el("span", { class: "needle", css: { left: percent(bounded(value)) } }),
    ),
    box(
      "border-names",
      el("span", { class: "border-name first", "data-static": true }, "0"),
      labels,
      el("span", { class: "border-name last", "data-static": true }, "100%"),
    ),
  );
};

/** A thin bar of a share. */
const bar = (pointer, kind) =>
  el(
    "span",
    { class: `thin ${kind ?? ""}`, "aria-hidden": "true" },
    el("span", { class: "thin-part", css: { width: percent(bounded(at(pointer))) }, ...drawn(pointer) }),
  );

/** A share with its interval on 0 to 1. */
const rated = (value, lower, upper) =>
  el(
    "div",
    { class: "rated", "aria-hidden": "true" },
    el("span", {
      class: "rated-band",
      css: { left: percent(at(lower)), width: percent(at(upper) - at(lower)) },
      ...drawn(lower),
    }),
    el("span", { class: "rated-dot", css: { left: percent(at(value)) }, ...drawn(value) }),
  );

/** Closes so far as a line without axes. */
const sparkline = (count, key, what) => {
  const closes = history.closes.slice(-count).filter((each) => each[key] !== null);
  if (closes.length < 2) return note(clipped(history.reasons.closes ?? "no closes yet"));
  const values = closes.map((each) => each[key]);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const points = values.map((value, i) => [
    100 * (i / (values.length - 1)),
    29 - 28 * ((value - low) / (high - low || 1)),
  ]);
  const line = points.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join(" ");
  const first = history.closes.indexOf(closes[0]);
  return el(
    "figure",
    {
      class: "spark",
      role: "img",
      "aria-label": `${what} of the last ${closes.length} sessions, from ${day(closes[0].session)}`,
      "data-history": `/closes/${first}/session`,
    },
    svg(
      "svg",
      { viewBox: "0 0 100 30", preserveAspectRatio: "none", "aria-hidden": "true" },
      svg("polygon", { class: "spark-area", points: `0,30 ${line} 100,30` }),
      svg("polyline", { class: "spark-line", points: line }),
    ),
    el(
      "figcaption",
      { class: "spark-caption" },
      recalled(`/closes/${first}/session`, "day"),
      el("span", { "data-static": true }, `${closes.length} closes`),
    ),
  );
};

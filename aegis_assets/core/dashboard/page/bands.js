// Price levels on an axis of their own, with the spot among them.

/** Where levels stand between the lowest and the highest, with a margin on both sides. */
const axisOf = (values, margin = 0.08) => {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = (high - low || high * 0.01) * margin;
  return (value) => (value - low + room) / (high - low + 2 * room);
};

/** A band between two pointers around the spot. */
const band = (lower, upper, kind) => {
  const spot = "/market/spot";
  const place = axisOf([at(lower), at(upper), at(spot)]);
  return el(
    "div",
    { class: `band ${kind ?? ""}`, "aria-hidden": "true" },
    el("span", { class: "band-axis" }),
    el("span", {
      class: "band-part",
      css: { left: percent(place(at(lower))), width: percent(place(at(upper)) - place(at(lower))) },
      ...drawn(lower),
    }),
    el("span", { class: "band-edge", css: { left: percent(place(at(lower))) }, ...drawn(lower) }),
    el("span", { class: "band-edge", css: { left: percent(place(at(upper))) }, ...drawn(upper) }),
    el("span", { class: "band-spot", css: { left: percent(place(at(spot))) }, ...drawn(spot) }),
  );
};

/** One edge in words: its level and how far it is from the spot. */
const edge = (name, pointer, side) =>
  box(
    `edge ${side}`,
    el("span", { class: "edge-name" }, name),
    shown(pointer, "points", "strong"),
    note(
      derived("relative", pointer, "/market/spot", "distance"),
      " ",
      el("span", { class: "value" }, derived("difference", pointer, "/market/spot", "move"), " pts"),
    ),
  );

const middle = () =>
  box("edge middle", el("span", { class: "edge-name" }, "Spot"), shown("/market/spot", "points", "strong"));

const wideBand = (lower, upper, names) =>
  box(
    "levels",
    band(lower, upper, "wide"),
    box("edges", edge(names[0], lower, "low"), middle(), edge(names[1], upper, "high")),
  );

/** A band in a small tile: both levels below it. */
const smallBand = (root) => {
  const [lower, upper, coverage] = ["lower", "upper", "coverage"].map((key) => `${root}/interval/${key}`);
  if (at(lower) === null || at(upper) === null) return note("Band ", missing(reasonOf(lower)));
  return box(
    "levels",
    band(lower, upper, "small"),
    box(
      "ends",
      shown(lower, "level"),
      el("span", { class: "note" }, shown(coverage, "share"), " band"),
      shown(upper, "level"),
    ),
  );
};

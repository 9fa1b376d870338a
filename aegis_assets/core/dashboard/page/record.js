// The record: what became of what was published, by engine.

const ENGINE_OF = { direction: "direction", sellers: "seller", buyers: "buyer" };
// What is drawn of each engine, in this order, and how wide.
const WIDTHS = {
  direction: { losses: 6, reliability: 6 },
  seller: { safe_ranges: 8, hit_rate: 4, reliability: 6, losses: 6 },
  buyer: { hit_rate: 4, reliability: 4, losses: 4 },
};
const RATE_PARTS = { seller: "range_rate", buyer: "spike_rate" };

const chosen = {};
const choices = (part, engine) =>
  part === "reliability"
    ? [...new Set(history.reliability.filter((each) => each.engine === engine).map(kindOf))]
    : [...new Set(history.losses.filter((each) => each.engine === engine).map((each) => named(each.path)))];
const chosenOf = (part, engine) => {
  const known = choices(part, engine);
  const wanted = chosen[`${part}-${engine}`];
  return known.includes(wanted) ? wanted : known[0];
};

const chooser = (part, engine) => {
  const known = choices(part, engine);
  if (known.length < 2) return null;
  const name = part === "losses" ? "Forecast whose losses are drawn" : "Forecast whose reliability is drawn";
  return el(
    "select",
    {
      id: `choose-${part}-${engine}`,
      "aria-label": name,
      on: {
        change: (event) => {
          chosen[`${part}-${engine}`] = event.target.value;
          render();
        },
      },
    },
    known.map((each) =>
      el(
        "option",
        { value: each, "data-static": true, selected: each === chosenOf(part, engine) },
        clipped(each),
      ),
    ),
  );
};

const partOf = (name, engine) => (name === "hit_rate" ? RATE_PARTS[engine] : FIGURES[name].part);
const isKnown = (name, engine) => {
  const part = partOf(name, engine);
  return history[part].some((each) => each.engine === undefined || each.engine === engine);
};

const card = (name, engine) => {
  const { name: title, says } = FIGURES[name];
  const known = isKnown(name, engine);
  const part = partOf(name, engine);
  return el(
    "section",
    {
      class: `card w${WIDTHS[engine][name]}`,
      "data-part": part,
      "data-empty": String(!known),
      "aria-label": title,
    },
    box(
      "tile-head",
      el("h3", {}, title),
      name === "reliability" || name === "losses" ? chooser(name, engine) : null,
    ),
    el("p", { class: "note" }, says),
    known
      ? figure(name, engine)
      : el(
          "p",
          { class: "reason empty" },
          clipped(history.reasons[part] ?? "nothing of this kind is known yet"),
        ),
  );
};

const SCORES = [
  ["n", "integer"],
  ["loss", "loss"],
  ["skill", "skill"],
  ["coverage", "share"],
  ["nominal", "share"],
  ["calibration_error", "percent"],
];

/** A skill on a line around zero, with its interval. */
const forest = (i, most) => {
  const root = `/scorecard/${i}`;
  const [value, lower, upper] = ["skill", "skill_lower", "skill_upper"].map((key) => past(`${root}/${key}`));
  if (value === null) return null;
  const place = (each) => percent(bounded(0.5 + each / (2 * most)));
  const span =
    lower === null || upper === null
      ? null
      : el("span", {
          class: "forest-span",
          css: { left: place(lower), right: percent(bounded(0.5 - upper / (2 * most))) },
          "data-history": `${root}/skill_lower`,
          "data-value": lower,
        });
  return el(
    "span",
    { class: "forest", "aria-hidden": "true" },
    span,
    el("span", {
      class: "forest-dot",
      css: { left: place(value) },
      "data-history": `${root}/skill`,
      "data-value": value,
    }),
  );
};

const scorecard = (engine) => {
  const rows = history.scorecard.map((each, i) => ({ ...each, i })).filter((each) => each.engine === engine);
  if (rows.length === 0)
    return el(
      "p",
      { class: "reason empty" },
      clipped(history.reasons.scorecard ?? "nothing has been scored yet"),
    );
  const most = Math.max(
    0.02,
    ...rows.flatMap((each) =>
      [each.skill_lower, each.skill_upper, each.skill].map((edge) => Math.abs(edge ?? 0)),
    ),
  );
  const heads = [
    "forecast",
    "horizon",
    "who",
    "answer",
    "n",
    "loss",
    "skill over baseline",
    "",
    "covered",
    "stated",
    "calibration error",
  ];
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": "Scorecard" },
    el(
      "table",
      { class: "scorecard" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          heads.map((head) => (head ? el("th", { scope: "col" }, head) : el("td", {}))),
        ),
      ),
      el(
        "tbody",
        {},
        rows.map((each, at_) => {
          const root = `/scorecard/${each.i}`;
          const first = at_ === 0 || rows[at_ - 1].path !== each.path;
          const scores = SCORES.map(([key, format]) =>
            el("td", { class: "figure-cell" }, recalled(`${root}/${key}`, format)),
          );
          return el(
            "tr",
            { class: first ? "first" : null },
            el("th", { scope: "row" }, recalled(`${root}/path`, "path")),
            el("td", { class: "figure-cell" }, recalled(`${root}/horizon`, "integer")),
            el("td", {}, recalled(`${root}/role`, "word")),
            el("td", {}, recalled(`${root}/candidate`, "text")),
            scores.slice(0, 3),
            el("td", {}, forest(each.i, most)),
            scores.slice(3),
          );
        }),
      ),
    ),
  );
};

const record = (tab) => {
  const engine = ENGINE_OF[tab];
  return el(
    "section",
    { class: "record", "aria-labelledby": `record-${tab}` },
    el("h2", { id: `record-${tab}`, class: "record-title" }, "Record"),
    el(
      "p",
      { class: "note record-note" },
      "Published forecasts against what happened, from this installation's own ledger.",
    ),
    box(
      "grid",
      Object.keys(WIDTHS[engine]).map((name) => card(name, engine)),
      el(
        "section",
        { class: "card w12", "data-part": "scorecard", "aria-label": "Scorecard to date" },
        el("h3", {}, "Scorecard to date"),
        scorecard(engine),
      ),
    ),
  );
};

// Charts: drawn by Vega-Lite from the rows, with a name, a key and a table of the same values.

const FIGURES = {
  fan: {
    name: "Bands by horizon",
    says: "Closes so far and the band of the close at each horizon; straight lines between horizons.",
    keys: [
      ["line ink", "closes"],
      ["dot ink", "spot"],
      ["swatch", "band of the close"],
    ],
  },
  breach: {
    name: "Breach probabilities by distance",
    says: "Chance that price leaves a band around the spot within twenty sessions.",
    keys: [
      ["line", "touched at any time"],
      ["line dashed second", "beyond at the last close"],
    ],
  },
  windows: {
    name: "Expected share of variance by half hour",
    says: "Exchange time; half hours that are over in a paler tone.",
    keys: [],
  },
  safe_ranges: {
    name: "Safe ranges as published",
    says: "Range of each session's last slot, with that session's close and what became of it by the expiry.",
    keys: [
      ["swatch", "range as published"],
      ["line ink", "close"],
      ["dot held", "held"],
      ["cross", "broken"],
      ["ring", "still open"],
    ],
    part: "safe_ranges",
  },
  reliability: {
    name: "Reliability",
    says: "Where forecasts are calibrated, points lie on the diagonal; larger points hold more forecasts.",
    keys: [
      ["dot", "forecasts of like probability"],
      ["line dashed muted", "perfect calibration"],
    ],
    part: "reliability",
  },
  hit_rate: {
    name: "Hit rate over time",
    says: "Share of all that were resolved up to each session.",
    keys: [["line", "held so far"]],
    part: "range_rate",
  },
  losses: {
    name: "Published against baseline",
    says: "Mean loss by month; less is better.",
    keys: [
      ["line", "published"],
      ["line dashed second", "baseline"],
    ],
    part: "losses",
  },
};

const views = [];

const figure = (name, about) => {
  const { name: title, says, keys } = FIGURES[name];
  const { rows, heads, cells } = CHART_ROWS[name](about);
  const drawing = el("div", {
    class: "chart",
    role: "img",
    "aria-label": `${title}. ${says}`,
    "data-chart": name,
    "data-rows": rows.length,
  });
  drawing.draw = () => draw(name, drawing, rows);
  return el(
    "figure",
    {
      class: "figure",
      [cells.some((line) => line.some((cell) => cell.isPast)) ? "data-history" : "data-path"]:
        sourceOf(cells),
    },
    drawing,
    el(
      "figcaption",
      {},
      box(
        "chart-keys",
        keys.map(([kind, word]) =>
          el(
            "span",
            { class: "chart-key" },
            el("span", { class: `sample ${kind}`, "aria-hidden": "true" }),
            word,
          ),
        ),
      ),
      el(
        "details",
        { class: "as-table", id: `table-${name}-${String(about ?? "").replaceAll("/", "")}` },
        el("summary", {}, "As a table", unseen(`: ${title}`)),
        tableOf(heads, cells, title),
      ),
    ),
  );
};

const sourceOf = (cells) => {
  const first = cells.flat().find((cell) => cell.pointer);
  return first
    ? `/${keyed(first.pointer)
        .slice(0, first.isPast ? 1 : 2)
        .join("/")}`
    : "/";
};

const tableOf = (heads, cells, title) =>
  el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": `Table: ${title}` },
    el(
      "table",
      {},
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          heads.map((head) => el("th", { scope: "col", "data-static": true }, head)),
        ),
      ),
      el(
        "tbody",
        {},
        cells.map((line) =>
          el(
            "tr",
            {},
            line.map((cell) => el("td", {}, cellOf(cell))),
          ),
        ),
      ),
    ),
  );

const cellOf = (cell) =>
  typeof cell === "string"
    ? fixed(cell)
    : cell.isPast
      ? recalled(cell.pointer, cell.format)
      : shown(cell.pointer, cell.format);

/** Vega runs no code of ours and none from the data: expressions are interpreted. */
const draw = async (name, drawing, rows) => {
  if (drawing.dataset.drawn || drawing.clientWidth === 0) return;
  drawing.dataset.drawn = "yes";
  const spec = { ...declared.charts[name], datasets: { rows } };
  const canvas = el("div", { "aria-hidden": "true" }); // the figure has a name and a table; its lines need none
  drawing.replaceChildren(canvas);
  const made = await window.aegisCharts(canvas, spec, {
    ast: true,
    actions: false,
    logLevel: 1,
    renderer: "svg",
    defaultStyle: false,
    tooltip: hint(name),
    config: CHART_CONFIG,
  });
  drawing.dataset.drawn = "done";
  views.push(made);
};

const CHART_CONFIG = {
  background: "transparent",
  padding: 2,
  font: "system-ui, sans-serif",
  aria: false,
  view: { stroke: null },
  axis: {
    labelColor: "var(--muted)",
    titleColor: "var(--muted)",
    gridColor: "var(--line)",
    domainColor: "var(--line-strong)",
    tickColor: "var(--line-strong)",
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 400,
    labelPadding: 5,
    tickSize: 4,
  },
  ...Object.fromEntries(
    ["point", "rule", "tick", "bar"].map((mark) => [mark, { tooltip: { content: "data" } }]),
  ),
  axisX: { labelOverlap: "greedy", labelBound: true, labelSeparation: 8 },
  axisY: { domain: false, ticks: false },
};

/** Draw what is visible and not drawn yet; hidden panels have no width to draw in. */
const drawVisible = () => document.querySelectorAll(".chart").forEach((each) => each.draw?.());
const forgetCharts = () => views.splice(0).forEach((view) => view.finalize());

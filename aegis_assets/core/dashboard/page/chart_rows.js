// Rows of each chart, and the same rows as a table: [heads, cells].

const element = (pointer, format) => ({ pointer, format });
const ofHistory = (pointer, format) => ({ pointer, format, isPast: true });

const horizonsOf = () =>
  ["t1", "t3", "t5", "t10", "t20", "t40"]
    .map((name) => ({ name, root: `/direction/horizons/${name}`, ahead: Number(name.slice(1)) }))
    .filter(({ root }) => at(`${root}/interval/lower`) !== null);

const SHOWN_CLOSES = 60;

const CHART_ROWS = {
  fan: () => {
    const closes = history.closes.slice(-SHOWN_CLOSES);
    const spot = at("/market/spot");
    const isOver = closes.at(-1)?.session === dateAt(payload.as_of);
    const rows = [
      ...closes.map((each, i) => ({
        kind: "CLOSE",
        ahead: i + (isOver ? 1 : 0) - closes.length,
        close: each.close,
      })),
      { kind: "NOW", ahead: 0, close: spot, lower: spot, upper: spot },
      ...horizonsOf().map(({ root, ahead }) => ({
        kind: "HORIZON",
        ahead,
        lower: at(`${root}/interval/lower`),
        upper: at(`${root}/interval/upper`),
      })),
    ];
    const cells = horizonsOf().map(({ root, ahead }) => [
      `T+${ahead}`,
      element(`${root}/interval/lower`, "points"),
      element(`${root}/interval/upper`, "points"),
      element(`${root}/interval/coverage`, "share"),
    ]);
    return { rows, heads: ["horizon", "lower", "upper", "coverage"], cells, isEmpty: cells.length === 0 };
  },
  breach: () => {
    const root = "/seller/breach_probabilities";
    const points = at(root) ?? [];
    return {
      rows: points.map((each) => ({
        distance: each.distance,
        touch: each.touch_probability,
        terminal: each.probability,
      })),
      heads: ["distance", "touched within 20 sessions", "beyond at the close of the last"],
      cells: points.map((_, i) => [
        element(`${root}/${i}/distance`, "percent"),
        element(`${root}/${i}/touch_probability`, "share"),
        element(`${root}/${i}/probability`, "share"),
      ]),
    };
  },
  windows: () => {
    const root = "/buyer/gamma_windows";
    const points = at(root) ?? [];
    const now = clockAt(payload.as_of);
    return {
      rows: points.map((each) => ({
        window: each.window,
        opens: each.window.split("-")[0],
        score: each.score,
        state: at("/market/session") === "OPEN" && each.window.split("-")[1] <= now ? "OVER" : "AHEAD",
      })),
      heads: ["half hour", "share of the session's variance"],
      cells: points.map((_, i) => [
        element(`${root}/${i}/window`, "text"),
        element(`${root}/${i}/score`, "percent"),
      ]),
    };
  },
  safe_ranges: () => {
    const closes = Object.fromEntries(history.closes.map((each) => [each.session, each.close]));
    const rows = history.safe_ranges
      .map((each) => ({
        session: each.session,
        lower: each.lower,
        upper: each.upper,
        close: closes[each.session] ?? null,
        fate: each.held === null ? "OPEN" : each.held ? "HELD" : "BROKEN",
      }))
      .map((each) => ({ ...each, ended: FATES[each.fate] }));
    return {
      rows,
      heads: ["session", "lower", "upper", "until", "held"],
      cells: rows.map((_, i) => [
        ...["session", "lower", "upper", "expiry"].map((key) =>
          ofHistory(`/safe_ranges/${i}/${key}`, key === "lower" || key === "upper" ? "level" : "day"),
        ),
        FATES[rows[i].fate],
      ]),
    };
  },
  reliability: (engine) => {
    const bins = history.reliability
      .map((each, i) => ({ ...each, i }))
      .filter((each) => each.engine === engine && kindOf(each) === chosenOf("reliability", engine));
    const rows = bins.map((each) => ({
      kind: "BIN",
      forecast: each.mean_probability,
      frequency: each.frequency,
      lower: each.lower ?? each.frequency,
      upper: each.upper ?? each.frequency,
      n: each.n,
    }));
    const ends = bins.length
      ? [0, 1].map((each) => ({ kind: "DIAGONAL", forecast: each, frequency: each }))
      : [];
    return {
      rows: [...rows, ...ends],
      heads: ["forecast", "came true", "from", "to", "n"],
      cells: bins.map(({ i }) =>
        [
          ["mean_probability", "percent"],
          ["frequency", "percent"],
          ["lower", "percent"],
          ["upper", "percent"],
          ["n", "integer"],
        ].map(([key, format]) => ofHistory(`/reliability/${i}/${key}`, format)),
      ),
    };
  },
  hit_rate: (engine) => {
    const part = engine === "seller" ? "range_rate" : "spike_rate";
    const stated = engine === "seller" ? at("/seller/safe_range/coverage") : null;
    return {
      rows: history[part].map(({ session, value, n }) => ({ session, value, n, stated })),
      heads: ["up to", "held", "resolved"],
      cells: history[part].map((_, i) =>
        [
          ["session", "day"],
          ["value", "percent"],
          ["n", "integer"],
        ].map(([key, format]) => ofHistory(`/${part}/${i}/${key}`, format)),
      ),
    };
  },
  losses: (engine) => {
    const months = history.losses
      .map((each, i) => ({ ...each, i }))
      .filter((each) => each.engine === engine && named(each.path) === chosenOf("losses", engine));
    return {
      rows: months.map(({ month, role, loss }) => ({ month, role, loss, who: phraseOf(role) })),
      heads: ["month", "who", "mean loss", "n"],
      cells: months.map(({ i }) =>
        [
          ["month", "day"],
          ["role", "word"],
          ["loss", "loss"],
          ["n", "integer"],
        ].map(([key, format]) => ofHistory(`/losses/${i}/${key}`, format)),
      ),
    };
  },
};

const FATES = { OPEN: "still open", HELD: "yes", BROKEN: "no" };
const kindOf = (bin) => `${named(bin.path)}: ${phraseOf(bin.outcome).toLowerCase()}`;

/** The date at the exchange. */
const dateAt = (iso) =>
  new Intl.DateTimeFormat("en-CA", {
    timeZone: history.market.time_zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  }).format(new Date(iso));

/** Hours and minutes at the exchange. */
const clockAt = (iso) =>
  new Intl.DateTimeFormat("en-GB", {
    timeZone: history.market.time_zone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(new Date(iso));

// How old the payload is, and what that means now.

const trouble = { since: null, what: "" };

const STATES = {
  live: { word: "Live", says: "in session and up to date" },
  stale: { word: "Stale", says: "a newer payload is due and has not come" },
  closed: { word: "Closed", says: "the market is closed: these are the last values" },
  archive: { word: "Archive", says: "made from an archive, not from today's market" },
};

/** The state at a moment: a closed market is not stale until its next slot is overdue. */
const stateAt = (now) => {
  const minutes = (iso) => (now - new Date(iso).getTime()) / 60_000;
  const patience = declared.stale_after_minutes;
  if (payload.data_quality.source === "sample") return "archive";
  if (payload.market.session === "OPEN") return minutes(payload.as_of) > patience ? "stale" : "live";
  const next = payload.next_expected;
  return next !== null && minutes(next) > patience - SLOT_MINUTES ? "stale" : "closed";
};
const SLOT_MINUTES = 30;

const showState = () => {
  const now = Date.now();
  const state = stateAt(now);
  document.documentElement.dataset.state = state;
  byId("state").replaceChildren(
    el(
      "span",
      { class: "state-chip", "data-state": state, title: STATES[state].says },
      glyph({ live: "\u25CF", stale: "\u25B2", closed: "\u25A0", archive: "\u25C7" }[state], ""),
      STATES[state].word,
      unseen(`: ${STATES[state].says}`),
    ),
    el("span", { class: "as-of" }, shown("/as_of", "moment")),
    el("span", { class: "age", "data-age": payload.as_of }, ageOf(payload.as_of, now)),
  );
  const said = byId("trouble");
  const text =
    state === "stale"
      ? `Stale: ${STATES.stale.says}. What is shown was known ${ageOf(payload.as_of, now)}.`
      : "";
  const lost =
    trouble.since === null
      ? ""
      : `${trouble.what} Since ${span((now - trouble.since) / 1000)} the last good values are shown.`;
  const whole = [text, lost].filter(Boolean).join(" ");
  if (said.textContent !== whole) said.textContent = whole;
  said.hidden = whole === "";
};

const showName = () => {
  document.title = `${clipped(payload.market_name)} \u00B7 Aegis`;
  byId("market-name").replaceChildren(
    shown("/market_name", "text"),
    el("span", { class: "market-about" }, recalled("/market/description", "text")),
  );
};

const qualityFacts = () => {
  const quality = payload.data_quality;
  const root = "/data_quality";
  return [
    fact("Spot from", shown(`${root}/spot/source`, "text"), ", ", shown(`${root}/spot/as_of`, "moment")),
    fact(
      "Daily candles to",
      shown(`${root}/daily/last_final_session`, "day"),
      quality.daily.sessions_behind
        ? [", ", shown(`${root}/daily/sessions_behind`, "integer"), " behind"]
        : null,
    ),
    quality.intraday
      ? fact(
          "Bars of today",
          shown(`${root}/intraday/bars`, "integer"),
          " of ",
          shown(`${root}/intraday/expected`, "integer"),
        )
      : null,
    fact("Volatility index to", shown(`${root}/volatility_index/last_session`, "day")),
    quality.option_chain ? fact("Option chain", shown(`${root}/option_chain/as_of`, "moment")) : null,
    payload.generated_at === null ? null : fact("Made", shown("/generated_at", "moment")),
    fact("Data", el("span", { class: "hash" }, shown(`${root}/daily/data_version`, "text"))),
  ];
};

const quality = () => {
  const root = "/data_quality";
  const reasons = payload.data_quality.reasons;
  return [
    el(
      "h2",
      { class: "quality-title" },
      "Data ",
      el(
        "span",
        { class: "status", "data-status": payload.data_quality.status },
        shown(`${root}/status`, "word"),
      ),
    ),
    reasons.length
      ? el(
          "ul",
          { class: "quality-reasons" },
          reasons.map((_, i) => el("li", {}, shown(`${root}/reasons/${i}`, "text"))),
        )
      : null,
    box("facts", qualityFacts()),
  ];
};

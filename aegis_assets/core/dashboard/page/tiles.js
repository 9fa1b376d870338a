// What each kind of tile shows of its place.

const MARKS = {
  price: () => [
    box(
      "headline",
      shown("/market/spot", "points", "huge"),
      el(
        "span",
        {
          class: `moved ${at("/market/spot_change") > 0 ? "up" : at("/market/spot_change") < 0 ? "down" : "flat"}`,
        },
        shown("/market/spot_change", "change"),
        " ",
        shown("/market/spot_change_pct", "percent_change"),
      ),
      el("span", { class: "chip" }, shown("/market/session", "word")),
    ),
    sparkline(90, "close", "Closes"),
  ],
  index: (place) => [
    box(
      "headline",
      shown("/market/vix", "number", "huge"),
      el(
        "span",
        { class: "moved" },
        shown("/market/vix_change", "change"),
        " ",
        shown("/market/vix_change_pct", "percent_change"),
      ),
    ),
    el(
      "p",
      { class: "note" },
      history.market.volatility_index,
      ", percent a year; graded ",
      el(
        "span",
        {
          "data-derived": "grade",
          "data-from": "/market/vix",
          "data-value": gradeOf(declared.scales[place.scale], at("/market/vix")),
        },
        phraseOf(gradeOf(declared.scales[place.scale], at("/market/vix"))).toLowerCase(),
      ),
    ),
    sparkline(90, "volatility_index", "Closes of the volatility index"),
  ],
  today: (place, root) => [
    box(
      "row",
      side(`${root}/direction`),
      el(
        "span",
        { class: "aside" },
        shown(`${root}/expected_move_points`, "move", "strong"),
        note(" pts expected"),
      ),
    ),
    odds(root),
    smallBand(root),
    fact("Conviction", shown(`${root}/conviction`, "share")),
    fact(
      "Volatility since the open, over the usual",
      shown(`${root}/intraday_volatility_score`, "number"),
      "\u00D7",
    ),
    fact("Newest bar read", shown(`${root}/last_update`, "moment")),
  ],
  horizon: (place, root) => [
    side(`${root}/direction`),
    odds(root),
    smallBand(root),
    fact("Expected", shown(`${root}/expected_move_points`, "move"), note(" pts")),
    fact("Conviction", shown(`${root}/conviction`, "share")),
  ],
  dial: (place) => {
    const [score, label] = pointersOf(place);
    return [gradedScore(place, score, label)];
  },
  regime: (place) => {
    const [word, trend] = pointersOf(place);
    return [box("headline", shown(word, "word", "big")), trend ? fact("Trend", shown(trend, "word")) : null];
  },
  safe_range: (place, root) => [
    wideBand(`${root}/lower`, `${root}/upper`, ["Lower", "Upper"]),
    box(
      "facts",
      fact("Stated to hold", shown(`${root}/coverage`, "share")),
      fact("Until the expiry of", shown(`${root}/expiry`, "day")),
      fact("Sessions", shown(`${root}/horizon_days`, "integer")),
    ),
  ],
  zone: (place, root) => [
    wideBand(`${root}/lower`, `${root}/upper`, ["From", "To"]),
    box(
      "facts",
      fact("Open interest within", shown(`${root}/confidence`, "share")),
      fact("Expiry", shown(`${root}/expiry`, "day")),
    ),
  ],
  stress: (place, root) => [
    gradedScore(place, `${root}/score`, `${root}/label`),
    fact("Sessions to expiry", shown(`${root}/days_to_expiry`, "integer")),
    fact("Expiry", shown(`${root}/expiry`, "day")),
  ],
  trap: (place, root) => [
    gradedScore(place, `${root}/score`, `${root}/label`),
    box(
      "bars",
      [
        ["Implied, rank", "iv_percentile"],
        ["Realised, rank", "rv_percentile"],
      ].map(([name, key]) => [
        el("span", { class: "fact-name" }, name),
        at(`${root}/${key}`) === null ? el("span") : bar(`${root}/${key}`),
        shown(`${root}/${key}`, "share"),
      ]),
    ),
  ],
  skew: (place, root) => [
    box(
      "bars",
      [
        ["Puts over the middle", "put_skew"],
        ["Calls over the middle", "call_skew"],
        ["Puts over calls", "net_skew"],
      ].map(([name, key]) => [
        el("span", { class: "fact-name" }, name),
        skewBar(root, key),
        shown(`${root}/${key}`, "percent"),
      ]),
    ),
    el("p", { class: "note" }, "Volatility a year; right of the middle is dearer"),
  ],
  curve: (place, root) => [figure("breach", root)],
  rate: (place) => {
    const [alone, value, lower, upper, n] = pointersOf(place);
    return [
      box("row", shown(alone, "share", "big")),
      at(value) === null
        ? null
        : [
            rated(value, lower, upper),
            el(
              "p",
              { class: "note" },
              shown(lower, "share"),
              " to ",
              shown(upper, "share"),
              el("span", { "data-static": true }, ", 95 % interval of "),
              shown(value, "share"),
              "; ",
              shown(n, "integer"),
              " resolved",
            ),
          ],
    ];
  },
  flag: (place, root) => [
    el(
      "div",
      { class: "flag", "data-colour": at(`${root}/color`) },
      el("span", { class: "lamp", "aria-hidden": "true" }),
      shown(`${root}/label`, "word", "big"),
      el("span", { class: "chip" }, shown(`${root}/color`, "word")),
    ),
    el(
      "ul",
      { class: "reasons" },
      (at(`${root}/reasons`) ?? []).map((_, i) => el("li", {}, shown(`${root}/reasons/${i}`, "word"))),
    ),
  ],
  split: (place, root) => {
    const [up, down] = [`${root}/up_prob`, `${root}/down_prob`];
    const strong = [up, down].find((each) => at(each) >= declared.strong_bias);
    return [
      splitBar([
        { pointer: up, side: "UP" },
        { pointer: down, side: "DOWN" },
      ]),
      el(
        "p",
        { class: "note", "data-static": true },
        `A side is strong from ${share(declared.strong_bias)}: ${strong ? (strong === up ? "up is" : "down is") : "neither is"}`,
      ),
    ];
  },
  theta: (place, root) => [
    gradedScore(place, `${root}/score`, `${root}/label`),
    fact("Expected log premium", shown(`${root}/expected_log_premium`, "number")),
  ],
  map: (place, root) => [
    el(
      "ol",
      { class: "map" },
      at(root).map((_, i) => {
        const score = `${root}/${i}/score`;
        return el(
          "li",
          { class: at(score) >= declared.framed_from ? "cell framed" : "cell" },
          el(
            "span",
            { class: "column", "aria-hidden": "true" },
            el("span", {
              class: "column-part",
              css: { height: percent(bounded(at(score))) },
              ...drawn(score),
            }),
          ),
          shown(score, "share", "strong"),
          graded(`${root}/${i}/label`, "tiny"),
          el("span", { class: "note" }, "session ", shown(`${root}/${i}/day_offset`, "integer")),
        );
      }),
    ),
  ],
  windows: (place, root) => [figure("windows", root)],
  levels: (place, root) => [wideBand(`${root}/lower`, `${root}/upper`, ["Below", "Above"])],
};

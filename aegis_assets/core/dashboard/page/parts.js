// What several kinds of tile are made of, and what an empty one says.

const side = (pointer) => {
  const word = at(pointer);
  const found = SIDES[word];
  return box(
    `headline ${found ? found.kind : ""}`,
    found ? glyph(found.sign, found.kind) : null,
    shown(pointer, "word", "big"),
  );
};

const graded = (pointer, kind) =>
  el("span", { class: "grade", "data-grade": at(pointer) }, shown(pointer, "word", kind));

/** A score with its grade on its scale; where there is none, why. */
const gradedScore = (place, score, label) =>
  at(score) === null
    ? el("p", { class: "reason" }, "No score: ", clipped(reasonOf(score)))
    : [box("row", shown(score, "share", "big"), graded(label)), meter(score, place.scale)];

const odds = (root) =>
  splitBar(
    ["up", "neutral", "down"].map((key) => ({
      pointer: `${root}/probabilities/${key}`,
      side: key.toUpperCase(),
    })),
  );

const skewBar = (root, key) => {
  const most =
    Math.max(...["put_skew", "call_skew", "net_skew"].map((each) => Math.abs(at(`${root}/${each}`)))) || 1;
  const value = at(`${root}/${key}`);
  const [left, width] = [0.5 + Math.min(0, value) / (2 * most), Math.abs(value) / (2 * most)];
  return el(
    "span",
    { class: "around", "aria-hidden": "true" },
    el("span", {
      class: "around-part",
      css: { left: percent(left), width: percent(width) },
      ...drawn(`${root}/${key}`),
    }),
  );
};

/** Why a place is empty: every reason, and no number. */
const unavailable = (place) => {
  const paths = place.paths.map((path) => path.split(".*")[0]);
  const keys = new Set(paths.flatMap((path) => [...provenanceKeys(path), ...keysBelow(path)]));
  const found = [...keys]
    .map((key) => payload.provenance[key])
    .filter((each) => each.source === "UNAVAILABLE")
    .flatMap((each) => each.reasons);
  const reasons = found.length
    ? [...new Set(found)]
    : place.root === "market"
      ? payload.data_quality.reasons
      : [];
  return box(
    "unavailable",
    el("p", { class: "unavailable-word" }, "Unavailable"),
    (reasons.length ? reasons : ["the payload gives no value"]).map((each) =>
      el("p", { class: "reason" }, clipped(each)),
    ),
  );
};

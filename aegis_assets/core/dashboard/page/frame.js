// The frame of a tile: title, source, skill of what answers, why, help.

const badge = (source) => el("span", { class: "badge", "data-source": source }, clipped(String(source)));

/** The provenance entries behind a place, nearest first, once each. */
const behind = (place) => {
  const keys = pointersOf(place).flatMap((pointer) => provenanceKeys(pathOf(pointer)));
  const found = [
    ...new Set(keys.length ? keys : place.paths.flatMap((path) => provenanceKeys(path.split(".*")[0]))),
  ];
  return found.sort((one, other) => one.length - other.length);
};

/** Where the skill is of what answers, the pointer to it; a refused challenger's is not. */
const skillOf = (key) => {
  const each = payload.provenance[key];
  if (each.source === "MODEL" && each.skill)
    return {
      pointer: joined(["provenance", key, "skill"]),
      against: joined(["provenance", key, "baseline"]),
    };
  const answers = each.model !== null && each.model.split(":").pop() === each.baseline;
  if (each.source === "BASELINE" && answers && each.baseline_skill)
    return { pointer: joined(["provenance", key, "baseline_skill"]), against: null };
  return null;
};

const skillText = ({ pointer, against }) => {
  const known = at(`${pointer}/lower`) !== null && at(`${pointer}/upper`) !== null;
  return [
    "Skill ",
    shown(`${pointer}/value`, "skill", "strong"),
    known
      ? [" [", shown(`${pointer}/lower`, "skill"), ", ", shown(`${pointer}/upper`, "skill"), "]"]
      : " (too few for an interval)",
    " over ",
    against === null ? "the base rate" : shown(against, "text"),
    ", n ",
    shown(`${pointer}/n`, "integer"),
  ];
};

const WHO = [
  ["model", "Answered by"],
  ["trained_to", "Trained to"],
  ["baseline", "Baseline"],
  ["challenger", "Challenger"],
];

const entry = (key, place) => {
  const each = payload.provenance[key];
  const root = joined(["provenance", key]);
  const skill = skillOf(key);
  const refused = each.source !== "MODEL" && each.skill && each.challenger;
  return el(
    "li",
    {},
    box(
      "entry-head",
      el("span", { class: "entry-name", "data-static": true }, clipped(partName(place, key) || "All")),
      badge(each.source),
    ),
    each.reasons.map((_, i) => el("p", {}, shown(`${root}/reasons/${i}`, "text"))),
    skill ? el("p", { class: "note" }, skillText(skill)) : null,
    refused
      ? el(
          "p",
          { class: "note" },
          "Not served: ",
          skillText({ pointer: `${root}/skill`, against: `${root}/baseline` }),
        )
      : null,
    el(
      "dl",
      {},
      WHO.filter(([field]) => each[field] !== null).map(([field, name]) =>
        box(
          "",
          el("dt", {}, name),
          el("dd", {}, shown(`${root}/${field}`, field === "trained_to" ? "day" : "text")),
        ),
      ),
    ),
  );
};

const why = (place, keys) =>
  el(
    "details",
    { class: "why", id: `why-${place.id}` },
    el(
      "summary",
      {},
      "Why",
      el("span", { class: "unseen", "data-static": true }, ` these values: ${place.title}`),
    ),
    el(
      "ul",
      {},
      keys.map((key) => entry(key, place)),
    ),
  );

const helpButton = (place) =>
  el(
    "button",
    {
      type: "button",
      class: "help",
      id: `help-${place.id}`,
      "aria-label": `About ${place.title}`,
      on: { click: () => explain(place) },
    },
    "?",
  );

const sourcesOf = (keys) => {
  const order = ["MODEL", "BASELINE", "PROXY", "UNAVAILABLE"];
  return [...new Set(keys.map((key) => payload.provenance[key].source))].sort(
    (one, other) => order.indexOf(one) - order.indexOf(other),
  );
};

/** Keys that answer something: an unavailable detail does not mark a whole tile. */
const answering = (place) => {
  const pointers = pointersOf(place).filter((pointer) => at(pointer) !== null);
  return [...new Set(pointers.flatMap((pointer) => provenanceKeys(pathOf(pointer))))];
};

/** Skill of what answers; that of a part is named, lest it be taken for the whole. */
const skillLines = (place, keys) => {
  const said = new Set();
  const skilled = keys.filter((key) => {
    const one = JSON.stringify(payload.provenance[key]);
    return skillOf(key) && !said.has(one) && said.add(one);
  });
  return box(
    "skills",
    skilled.map((key) =>
      el(
        "p",
        { class: "skill" },
        partName(place, key) ? [el("span", { "data-static": true }, partName(place, key)), ": "] : null,
        skillText(skillOf(key)),
      ),
    ),
  );
};

/** What of a place a key is about, in words, places in a list counted from 1; nothing for all of it. */
const partName = (place, key) => {
  if (place.paths.length === 1 || !key.startsWith(`${place.root}.`)) return "";
  const parts = key.slice(place.root.length + 1).split(".");
  const name = parts.map((part) => (/^\d+$/.test(part) ? `#${Number(part) + 1}` : part)).join(" ");
  return name[0].toUpperCase() + name.slice(1).replaceAll("_", " ");
};

const tile = (place) => {
  const empty = pointersOf(place).every((pointer) => at(pointer) === null);
  const keys = behind(place);
  const sources = empty ? ["UNAVAILABLE"] : sourcesOf(answering(place));
  const foot = keys.length
    ? box("tile-foot", empty ? null : skillLines(place, keys), why(place, keys))
    : null;
  return el(
    "article",
    {
      class: `tile w${place.width} ${place.tall ? "tall" : ""}`,
      id: `tile-${place.id}`,
      "data-tile": place.tile,
      "data-empty": String(empty),
      "aria-labelledby": `title-${place.id}`,
    },
    el(
      "header",
      { class: "tile-head" },
      el("h2", { id: `title-${place.id}`, "data-static": true }, place.title),
      box(
        "tile-marks",
        sources.length ? sources.map(badge) : el("span", { class: "badge quoted" }, "QUOTED"),
        helpButton(place),
      ),
    ),
    box("tile-body", empty ? unavailable(place) : MARKS[place.mark](place, pointerOf(place.root))),
    foot,
  );
};

// What is read from the payload and the history: every value on the page names where it is from.

const keyed = (pointer) =>
  pointer
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
const joined = (keys) =>
  keys.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
const pointerOf = (path) => joined(path.split("."));
const pathOf = (pointer) => keyed(pointer).join(".");

const within = (root, pointer) =>
  keyed(pointer).reduce(
    (found, key) =>
      found === null || found === undefined || !Object.hasOwn(Object(found), key) ? null : found[key],
    root,
  );
const at = (pointer) => within(payload, pointer);
const past = (pointer) => within(history, pointer);

const readable = (value, format) => FORMATS[format](value);

const leaf = (attribute, pointer, value, format, kind) =>
  el(
    "span",
    {
      class: `value ${kind ?? ""}`,
      [attribute]: pointer,
      "data-value": String(value),
      "data-format": format,
    },
    readable(value, format),
  );

/** The payload's value, or a dash and why there is none. */
const shown = (pointer, format, kind) => {
  const value = at(pointer);
  return value === null ? missing(reasonOf(pointer)) : leaf("data-path", pointer, value, format, kind);
};

/** The history's value, or a dash. */
const recalled = (pointer, format, kind) => {
  const value = past(pointer);
  return value === null ? missing("not known") : leaf("data-history", pointer, value, format, kind);
};

const missing = (reason) =>
  el(
    "span",
    { class: "missing", title: clipped(reason) },
    "\u2013",
    unseen(` unavailable: ${clipped(reason)}`),
  );

const HOW = {
  relative: (one, other) => one / other - 1,
  difference: (one, other) => one - other,
};

/** A value made of two of the payload's, which are named. */
const derived = (how, one, other, format, kind) => {
  const [first, second] = [at(one), at(other)];
  if (first === null || second === null) return null;
  const value = HOW[how](first, second);
  return el(
    "span",
    {
      class: `value ${kind ?? ""}`,
      "data-derived": how,
      "data-from": `${one} ${other}`,
      "data-value": String(value),
      "data-format": format,
    },
    readable(value, format),
  );
};

/** Marks drawn from a value carry it as text does. */
const drawn = (pointer) => ({ "data-path": pointer, "data-value": String(at(pointer)) });

/** Keys of the provenance that a path falls under, the nearest only. */
const keyAbove = (path) => {
  const above = Object.keys(payload.provenance).filter((key) => `${path}.`.startsWith(`${key}.`));
  return above.sort((one, other) => other.length - one.length)[0] ?? null;
};
const keysBelow = (path) => Object.keys(payload.provenance).filter((key) => key.startsWith(`${path}.`));

const provenanceKeys = (path) => {
  const above = keyAbove(path);
  return above === null ? keysBelow(path) : [above];
};

const reasonOf = (pointer) => {
  const path = pathOf(pointer);
  const found = [...provenanceKeys(path), ...keysBelow(path)]
    .map((key) => payload.provenance[key])
    .filter((each) => each.source === "UNAVAILABLE")
    .flatMap((each) => each.reasons);
  const known = found.length ? found : ["the payload gives no value"];
  return [...new Set(known)].join("; ");
};

/** Pointers of a place, every `*` replaced by the elements that are there. */
const pointersOf = (place) => place.paths.flatMap((path) => expanded(path.split(".")));
const expanded = (keys) => {
  const star = keys.indexOf("*");
  if (star < 0) return [joined(keys)];
  const list = at(joined(keys.slice(0, star)));
  return Array.isArray(list)
    ? list.flatMap((_, i) => expanded([...keys.slice(0, star), i, ...keys.slice(star + 1)]))
    : [];
};

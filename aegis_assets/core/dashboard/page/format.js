// Numbers, words and times as people read them; a null is never given to these.

const MINUS = "\u2212";

const grouped = (value, digits) => {
  const [whole, rest] = Math.abs(value).toFixed(digits).split(".");
  const spaced = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return rest === undefined ? spaced : `${spaced}.${rest}`;
};
const isZero = (value, digits) => Number(Math.abs(value).toFixed(digits)) === 0;
const plain = (value, digits) => (value < 0 && !isZero(value, digits) ? MINUS : "") + grouped(value, digits);
const signed = (value, digits) =>
  isZero(value, digits) ? grouped(value, digits) : (value > 0 ? "+" : MINUS) + grouped(value, digits);

/** A probability: whole per cents, tenths near both ends, where they matter. */
const share = (value) => {
  const percent = value * 100;
  if (percent > 0 && percent < 0.1) return "<0.1%";
  const digits = percent !== 0 && percent !== 100 && (percent < 10 || percent > 90) ? 1 : 0;
  return `${plain(percent, digits)}%`;
};

const FORMATS = {
  points: (value) => plain(value, 2),
  level: (value) => plain(value, 0),
  move: (value) => signed(value, 1),
  change: (value) => signed(value, 2),
  percent_change: (value) => `${signed(value * 100, 2)}%`,
  distance: (value) => `${signed(value * 100, 1)}%`,
  percent: (value) => `${plain(value * 100, 1)}%`,
  skill: (value) => `${signed(value * 100, 1)}%`,
  share,
  number: (value) => plain(value, 2),
  loss: (value) => plain(value, 4),
  integer: (value) => plain(value, 0),
  word: (value) => phraseOf(value),
  text: (value) => clipped(String(value)),
  path: (value) => named(value),
  moment: (value) => moment(value),
  day: (value) => day(value),
};

const phraseOf = (word) => {
  const said = Object.hasOwn(declared.phrases, word) ? declared.phrases[word] : String(word);
  return clipped(said);
};

/** A path without its engine, in words, places in a list counted from 1: breakout next 1. */
const named = (path) =>
  clipped(
    path
      .split(".")
      .slice(1)
      .map((part) => (/^\d+$/.test(part) ? String(Number(part) + 1) : part))
      .join(" ")
      .replaceAll("_", " "),
  ).replace(/^./, (first) => first.toUpperCase());

const LONGEST = 320;
const clipped = (text) =>
  text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}\u2026 (${text.length} characters)`;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A session's date, as ISO gives it. */
const day = (iso) => {
  const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(iso);
  return found ? `${Number(found[3])} ${MONTHS[Number(found[2]) - 1]} ${found[1]}` : clipped(String(iso));
};

/** Exchange time with its offset from UTC: 21 Nov 2025, 15:30 +05:30. */
const moment = (iso) => {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return clipped(String(iso));
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat("en-GB", {
      timeZone: history.market.time_zone,
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
      timeZoneName: "longOffset",
    })
      .formatToParts(at)
      .map((part) => [part.type, part.value]),
  );
  const offset = parts.timeZoneName.replace("GMT", "") || "+00:00";
  return `${Number(parts.day)} ${MONTHS[Number(parts.month) - 1]} ${parts.year}, ${parts.hour}:${parts.minute} ${offset}`;
};

const UNITS = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["day", 86_400],
  ["h", 3_600],
  ["min", 60],
];

/** A length of time in its largest unit: 12 min, 3 h, 2 days. */
const span = (seconds) => {
  const [unit, length] = UNITS.find(([, size]) => seconds >= size) ?? ["s", 1];
  const count = Math.floor(seconds / length);
  return unit.length > 3 && count !== 1 ? `${count} ${unit}s` : `${count} ${unit}`;
};

const ageOf = (iso, now) => {
  const seconds = (now - new Date(iso).getTime()) / 1000;
  if (seconds < -60) return `${span(-seconds)} ahead of this clock`;
  return seconds < 60 ? "just now" : `${span(seconds)} ago`;
};

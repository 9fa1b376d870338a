// What a mark under the pointer stands for; the table beside each chart says the same.

const HINTS = {
  fan: [
    ["ahead", "sessions ahead", "integer"],
    ["lower", "lower", "points"],
    ["upper", "upper", "points"],
    ["close", "spot", "points"],
  ],
  breach: [
    ["distance", "distance", "percent"],
    ["touch", "touched", "share"],
    ["terminal", "beyond at the close", "share"],
  ],
  windows: [
    ["window", "half hour", "text"],
    ["score", "share of variance", "percent"],
  ],
  safe_ranges: [
    ["session", "session", "day"],
    ["lower", "lower", "level"],
    ["upper", "upper", "level"],
    ["close", "close", "points"],
    ["ended", "held", "text"],
  ],
  reliability: [
    ["forecast", "forecast", "percent"],
    ["frequency", "came true", "percent"],
    ["lower", "from", "percent"],
    ["upper", "to", "percent"],
    ["n", "forecasts", "integer"],
  ],
  hit_rate: [
    ["session", "up to", "day"],
    ["value", "held", "percent"],
    ["n", "settled", "integer"],
  ],
  losses: [
    ["month", "month", "day"],
    ["who", "who", "text"],
    ["loss", "mean loss", "loss"],
  ],
};

const isBlank = (value) => value === null || value === undefined;

/** A card beside the pointer, out of its way; nothing where no mark is under it. */
const hint = (name) => (_, event, item, row) => {
  const card = byId("hint");
  card.hidden = isBlank(row);
  if (card.hidden) return;
  const known = HINTS[name].filter(([field]) => !isBlank(row[field]));
  card.replaceChildren(...known.map(([field, title, format]) => fact(title, readable(row[field], format))));
  const { innerWidth: wide, innerHeight: tall } = window;
  const [x, y] = [event.clientX + 14, event.clientY + 14];
  card.style.setProperty("left", `${Math.max(4, Math.min(x, wide - card.offsetWidth - 8))}px`);
  card.style.setProperty(
    "top",
    `${y + card.offsetHeight > tall ? event.clientY - card.offsetHeight - 10 : y}px`,
  );
};

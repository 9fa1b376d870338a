// The one way values come onto the page, at first and whenever the files change.

const PARTS = ["as_of", "market", "direction", "seller", "buyer", "provenance", "data_quality"];

/** The payload in a text; raises where it is none. */
const parsed = (text) => {
  const found = JSON.parse(text);
  const lacking = PARTS.filter(
    (part) => found === null || typeof found !== "object" || !Object.hasOwn(found, part),
  );
  if (lacking.length) throw new Error(`it lacks ${lacking.join(", ")}`);
  return found;
};

const panelOf = (tab) => {
  const places = declared.places.filter((place) => place.tabs.length === 1 && place.tabs[0] === tab);
  const tiles = places
    .map((place) => [tile(place), tab === "direction" && place.id === "today" ? fanTile() : null])
    .flat()
    .filter(Boolean);
  return [box("grid", tiles), record(tab)];
};

const fanTile = () => {
  const { name, says } = FIGURES.fan;
  const empty = CHART_ROWS.fan().isEmpty;
  return el(
    "section",
    { class: "card tall w8", "aria-label": name },
    box("tile-head", el("h2", {}, name)),
    el("p", { class: "note" }, says),
    empty ? box("unavailable", el("p", { class: "reason" }, "no horizon has a band")) : figure("fan"),
  );
};

/** Everything anew from `payload` and `history`; what was open and focused stays so. */
const render = () => {
  const made = {
    market: declared.places.filter((place) => place.tabs.length > 1).map(tile),
    quality: quality(),
    ...Object.fromEntries(TABS.map((tab) => [`panel-${tab}`, panelOf(tab)])),
  };
  const open = [...document.querySelectorAll("details[open][id]")].map((each) => each.id);
  const focused = document.activeElement?.id;
  forgetCharts();
  for (const [id, parts] of Object.entries(made)) byId(id).replaceChildren(...parts.filter(Boolean));
  for (const id of open) byId(id)?.setAttribute("open", "");
  if (focused) byId(focused)?.focus({ preventScroll: true });
  showName();
  showState();
  drawVisible();
};

/** Take new values; on any fault keep those that are shown. */
const take = (nextPayload, nextHistory) => {
  const before = [payload, history];
  try {
    [payload, history] = [nextPayload, nextHistory];
    render();
  } catch (fault) {
    [payload, history] = before;
    render();
    throw fault;
  }
};

const read = async (name) => {
  const answer = await fetch(`${name}?t=${Date.now()}`, { cache: "no-store" });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.text();
};

/** The history beside the payload; where it cannot be read, the one that is shown. */
const readHistory = async () => {
  try {
    const found = JSON.parse(await read("history.json"));
    return found.market ? found : history;
  } catch {
    return history;
  }
};

const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);

let turns = 0;
let newestTurn = 0;

const reread = async ({ asked = false } = {}) => {
  const turn = (turns += 1);
  try {
    const next = [parsed(await read("aegismatrix.json")), await readHistory()];
    if (turn < newestTurn) return; // a later reading was quicker
    newestTurn = turn;
    const isNew = !isSame(next, [payload, history]);
    if (isNew) take(...next);
    trouble.since = null;
    if (asked) tell(isNew ? "New values are shown." : "Nothing newer has been published.");
  } catch (fault) {
    trouble.since ??= Date.now();
    trouble.what = `The payload could not be read (${clipped(String(fault.message))}).`;
    if (asked) tell(trouble.what);
  }
  showState();
  document.documentElement.dataset.readings = String(turn);
};

const start = () => {
  startTabs();
  startTheme();
  render();
  openTab(linkedTab(), { link: false });
  window.setInterval(showState, 15_000);
  const isServed = location.protocol === "http:" || location.protocol === "https:";
  byId("refresh").addEventListener("click", () => (isServed ? reread({ asked: true }) : location.reload()));
  if (!isServed) return;
  window.setInterval(reread, declared.read_every_seconds * 1000);
  reread();
};

start();

// Tabs, theme, help.

const TABS = ["direction", "sellers", "buyers"];

const openTab = (name, { focus = false, link = true } = {}) => {
  for (const each of TABS) {
    const tab = byId(`tab-${each}`);
    tab.setAttribute("aria-selected", String(each === name));
    tab.tabIndex = each === name ? 0 : -1;
    byId(`panel-${each}`).hidden = each !== name;
  }
  if (focus) byId(`tab-${name}`).focus();
  if (link && location.hash !== `#${name}`) history_.replaceState(null, "", `#${name}`);
  drawVisible();
};
const history_ = window.history;

const KEYS = {
  ArrowRight: (i) => (i + 1) % TABS.length,
  ArrowLeft: (i) => (i + TABS.length - 1) % TABS.length,
  Home: () => 0,
  End: () => TABS.length - 1,
};

const linkedTab = () => (TABS.includes(location.hash.slice(1)) ? location.hash.slice(1) : TABS[0]);

const startTabs = () => {
  TABS.forEach((name, i) => {
    byId(`tab-${name}`).addEventListener("click", () => openTab(name));
    byId(`tab-${name}`).addEventListener("keydown", (event) => {
      if (!(event.key in KEYS)) return;
      event.preventDefault();
      openTab(TABS[KEYS[event.key](i)], { focus: true });
    });
  });
  window.addEventListener(
    "hashchange",
    () => TABS.includes(location.hash.slice(1)) && openTab(linkedTab(), { link: false }),
  );
};

const THEME = "aegis-theme";
const kept = (value) => {
  try {
    return value === undefined ? localStorage.getItem(THEME) : localStorage.setItem(THEME, value);
  } catch {
    return null;
  }
};

const startTheme = () => {
  const button = byId("theme");
  const asked = window.matchMedia("(prefers-color-scheme: dark)");
  const isDark = () =>
    (document.documentElement.dataset.theme ?? (asked.matches ? "dark" : "light")) === "dark";
  const show = () => button.setAttribute("aria-pressed", String(isDark()));
  const wanted = kept();
  if (wanted === "dark" || wanted === "light") document.documentElement.dataset.theme = wanted;
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    kept(document.documentElement.dataset.theme);
    show();
  });
  asked.addEventListener("change", show);
  show();
};

const explain = (place) => {
  const dialog = byId("help");
  const parts = [
    ["What it is", "what"],
    ["How sure it is", "sure"],
    ["How to read it", "read"],
  ];
  dialog.replaceChildren(
    el("h2", { id: "help-title", "data-static": true }, place.title),
    ...parts.map(([title, key]) =>
      el("section", { "data-static": true }, el("h3", {}, title), el("p", {}, place.help[key])),
    ),
    el("form", { method: "dialog" }, el("button", { class: "tool" }, "Close")),
  );
  dialog.showModal();
};

const tell = (text) => {
  byId("told").textContent = text;
};

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from aegis_assets_tests.dashboard import pasts, payloads
from aegis_assets_tests.dashboard.sites import NOW, PHONE, settle

TABS = ("direction", "sellers", "buyers")


def violations(visit):
    """What axe finds against WCAG 2.2 AA and its own good practice, in words."""
    found = Axe().run(visit).response["violations"]
    return [f"{each['id']}: {node['html']}" for each in found for node in each["nodes"]]


def open_tab(visit, tab):
    visit.locator(f"#tab-{tab}").click()
    settle(visit)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_any_tab(afternoon, theme):
    visit = afternoon()
    visit.emulate_media(color_scheme=theme)

    for tab in TABS:
        open_tab(visit, tab)
        assert violations(visit) == [], tab


def test_axe_finds_nothing_on_a_phone_and_nothing_is_cut_off(site, opened):
    site.show()
    visit = opened(size=PHONE, reduced_motion="reduce")

    for tab in TABS:
        open_tab(visit, tab)
        assert violations(visit) == [], tab
        assert visit.evaluate("document.documentElement.scrollWidth") <= PHONE[0], tab


def test_axe_finds_nothing_where_nothing_is_known(site, opened):
    site.show(payloads.without_forecasts(), pasts.empty())
    visit = opened(color_scheme="dark")

    for tab in TABS:
        open_tab(visit, tab)
        assert violations(visit) == [], tab


def test_axe_finds_nothing_on_a_stale_page_with_all_opened(site, opened):
    site.show()
    visit = opened(tab="sellers", now=NOW + timedelta(hours=2))
    visit.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")

    assert visit.locator("html").get_attribute("data-state") == "stale"
    assert violations(visit) == []


def test_axe_finds_nothing_in_the_help(afternoon):
    visit = afternoon()
    visit.locator("#tab-direction").click()
    visit.locator("#help-t5").click()

    assert visit.locator("#help h2").text_content() == "T+5"
    assert violations(visit) == []
    visit.keyboard.press("Escape")


def test_tabs_are_walked_by_keyboard(afternoon):
    visit = afternoon()
    visit.locator("#tab-direction").focus()
    steps = {"ArrowRight": "sellers", "End": "buyers", "ArrowLeft": "sellers", "Home": "direction"}

    for key, tab in steps.items():
        visit.keyboard.press(key)
        chosen = visit.locator("[role=tab][aria-selected=true]")
        expect(chosen).to_have_id(f"tab-{tab}")
        expect(chosen).to_be_focused()
        expect(visit.locator(f"#panel-{tab}")).to_be_visible()
        assert visit.locator("[role=tabpanel]:visible").count() == 1
        assert visit.url.endswith(f"#{tab}")


def test_a_link_leads_to_its_tab(afternoon):
    visit = afternoon("buyers")

    expect(visit.locator("#panel-buyers")).to_be_visible()
    visit.evaluate("location.hash = '#sellers'")
    expect(visit.locator("#panel-sellers")).to_be_visible()


def test_help_opens_and_closes_by_keyboard_and_gives_the_focus_back(afternoon):
    visit = afternoon()
    visit.locator("#tab-direction").click()
    visit.locator("#help-today").focus()
    visit.keyboard.press("Enter")

    expect(visit.locator("#help")).to_be_visible()
    assert visit.locator("#help h3").all_text_contents() == [
        "What it is",
        "How sure it is",
        "How to read it",
    ]
    visit.keyboard.press("Escape")
    expect(visit.locator("#help")).to_be_hidden()
    expect(visit.locator("#help-today")).to_be_focused()


def test_the_first_stop_leads_past_the_head(site, opened):
    site.show()
    visit = opened()
    visit.keyboard.press("Tab")
    expect(visit.locator(".skip")).to_be_focused()
    visit.keyboard.press("Enter")

    expect(visit.locator("#main")).to_be_focused()


def test_the_chosen_theme_is_kept(site, opened):
    site.show()
    visit = opened(color_scheme="light")
    shade = "getComputedStyle(document.documentElement).backgroundColor"
    light = visit.evaluate(shade)
    visit.locator("#theme").click()
    dark = visit.evaluate(shade)
    visit.reload()

    assert dark != light
    assert visit.evaluate(shade) == dark
    expect(visit.locator("#theme")).to_have_attribute("aria-pressed", "true")

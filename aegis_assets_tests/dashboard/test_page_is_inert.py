import json

from playwright.sync_api import expect

from aegis_assets.core.frozen import Source
from aegis_assets.core.provenance import unavailable
from aegis_assets_tests.dashboard import pasts, payloads
from aegis_assets_tests.dashboard.sites import PHONE, settle

HOSTILE = (
    "<img src=x onerror=\"window.harmed='img'\">",
    "</script><script>window.harmed='script'</script>",
    "<!--<script>",
    "javascript:window.harmed='link'",
    "\u202egnp.exe\u202c \u2066\u2069 \u2028 \u0000",
    "{{ 7 * 7 }} ${7 * 7}",
    "W" * 10_000,
)


def hostile():
    """A payload whose every free text is hostile."""
    quality = payloads.data_quality() | {"reasons": HOSTILE}
    quality["spot"] |= {"source": HOSTILE[0]}
    quality["daily"] |= {"data_version": HOSTILE[1]}
    known = payloads.provenance()
    served = known["seller.safe_range.upper"].model_copy(
        update={"model": HOSTILE[0], "baseline": HOSTILE[6], "reasons": HOSTILE}
    )
    added = {
        "seller.safe_range.upper": served,
        "buyer": unavailable(*HOSTILE),
        "seller.regime.<img src=x onerror=alert(1)>": served.model_copy(
            update={"source": Source.PROXY}
        ),
    }
    return payloads.payload(market_name=HOSTILE[0], data_quality=quality, provenance=known | added)


def past():
    facts = pasts.FACTS.model_copy(
        update={"description": HOSTILE[1], "volatility_index": HOSTILE[0]}
    )
    found = pasts.history()
    scores = tuple(
        each.model_copy(update={"path": f"seller.{HOSTILE[0]}", "candidate": HOSTILE[6]})
        for each in found.scorecard
    )
    return found.model_copy(update={"market": facts, "scorecard": scores})


def test_hostile_strings_are_text_and_nothing_else(site, opened):
    site.show(hostile(), past())
    visit = opened(tab="sellers", size=PHONE)
    visit.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    text = visit.locator("body").text_content()

    assert visit.evaluate("window.harmed") is None
    assert visit.locator("img, iframe, object, a[href^=javascript]").count() == 0
    assert visit.locator("script:not([type])").count() == 2
    assert HOSTILE[0] in text
    assert HOSTILE[1] in text
    assert "W" * 320 + "\u2026 (10000 characters)" in text
    assert "W" * 321 not in visit.locator("main").text_content()
    assert visit.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_hostile_strings_that_come_later_are_text_too(site, opened):
    site.show()
    visit = opened()
    site.show(hostile(), past())
    visit.locator("#refresh").click()
    expect(visit.locator("#market-name")).to_contain_text(HOSTILE[0])

    assert visit.evaluate("window.harmed") is None
    assert visit.locator("img").count() == 0


def test_words_that_the_contract_does_not_know_are_shown_as_they_are(site, opened):
    site.show()
    visit = opened()
    found = json.loads((site.folder / "aegismatrix.json").read_bytes())
    found["market"]["regime"] = "__proto__"
    found["direction"]["today"]["direction"] = "SIDEWARD"
    (site.folder / "aegismatrix.json").write_text(json.dumps(found))
    visit.locator("#refresh").click()

    expect(visit.locator("#tile-regime .big")).to_have_text("__proto__")
    expect(visit.locator("#tile-today .big").first).to_have_text("SIDEWARD")


def test_the_page_asks_nobody_but_its_own_server(site, opened):
    site.show()
    visit = opened()
    for tab in ("sellers", "buyers"):
        visit.locator(f"#tab-{tab}").click()
        settle(visit)

    assert {each.split("?")[0].split("#")[0] for each in visit.requested} == {
        site.server.address,
        f"{site.server.address}aegismatrix.json",
        f"{site.server.address}history.json",
    }


def test_the_page_works_from_a_file_without_a_server(site, opened):
    site.show()
    file = (site.folder / "index.html").as_uri()
    visit = opened(url=file, tab="buyers", offline=True)

    expect(visit.locator("#tile-spot .huge")).to_have_text("26,068.15")
    assert visit.locator("[data-chart=windows] svg").count() == 1
    assert [each for each in visit.requested if not each.startswith(file)] == []


def test_the_policy_forbids_scripts_and_places_that_are_not_the_page_s(site, browser):
    site.show()
    complaints = []
    visit = site.visited(browser, complaints)
    harmed, reached = visit.evaluate(
        """async () => {
          const made = document.createElement("script");
          made.textContent = "window.harmed = 'injected'";
          document.body.append(made);
          const reached = await fetch("http://127.0.0.1:9/").then(() => "yes", () => "no");
          return [window.harmed ?? null, reached];
        }"""
    )
    visit.context.close()

    assert (harmed, reached) == (None, "no")
    assert len(complaints) >= 2
    assert all("Content Security Policy" in each for each in complaints)


def test_nothing_is_kept_in_the_browser_but_the_theme(site, opened):
    site.show()
    visit = opened()
    visit.locator("#theme").click()

    assert visit.evaluate("Object.keys(localStorage)") == ["aegis-theme"]
    assert visit.evaluate("document.cookie") == ""
    assert visit.context.cookies() == []

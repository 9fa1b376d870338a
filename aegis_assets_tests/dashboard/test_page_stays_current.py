from datetime import timedelta

import pytest
from playwright.sync_api import expect

from aegis_assets_tests.dashboard import payloads
from aegis_assets_tests.dashboard.payloads import AS_OF
from aegis_assets_tests.dashboard.sections import market
from aegis_assets_tests.dashboard.sites import NOW, let_pass

NOT_FOUND = "nothing of that name is published"


def later(spot=26101.5):
    """The payload of the slot after."""
    moment = AS_OF + timedelta(minutes=30)
    return payloads.payload(
        as_of=moment,
        next_expected=moment + timedelta(minutes=15),
        market=market(moment) | {"spot": spot},
    )


def closed(next_expected):
    """The payload of the last slot of a session."""
    return payloads.payload(
        as_of=AS_OF + timedelta(minutes=45),
        next_expected=next_expected,
        market=market(AS_OF) | {"session": "CLOSED"},
    )


def spot(visit):
    return visit.locator("#tile-spot .huge")


def state(visit):
    return visit.locator("html").get_attribute("data-state")


def test_a_new_payload_is_shown_within_a_minute(site, opened):
    site.show()
    visit = opened()
    visit.locator("#why-today summary").click()
    visit.locator("#tab-direction").focus()
    expect(spot(visit)).to_have_text("26,068.15")
    site.show(later())
    let_pass(visit, 1.1)

    expect(spot(visit)).to_have_text("26,101.50")
    expect(visit.locator(".as-of")).to_have_text("21 Nov 2025, 15:15 +05:30")
    expect(visit.locator("#why-today")).to_have_attribute("open", "")
    expect(visit.locator("#tab-direction")).to_be_focused()


def test_nothing_is_drawn_anew_while_nothing_is_new(site, opened):
    site.show()
    visit = opened()
    visit.evaluate("document.querySelector('#tile-spot').dataset.mine = 'yes'")
    let_pass(visit, 3.1)

    assert visit.locator("#tile-spot").get_attribute("data-mine") == "yes"
    expect(visit.locator("html")).to_have_attribute("data-readings", "4")


def test_the_button_reads_at_once_and_says_so(site, opened):
    site.show()
    visit = opened()
    site.show(later())
    visit.locator("#refresh").click()

    expect(spot(visit)).to_have_text("26,101.50")
    expect(visit.locator("#told")).to_have_text("New values are shown.")
    visit.locator("#refresh").click()
    expect(visit.locator("#told")).to_have_text("Nothing newer has been published.")


def test_every_request_asks_past_the_caches(site, opened):
    site.show()
    visit = opened()
    let_pass(visit, 2.1)
    asked = [each for each in visit.requested if ".json" in each]

    assert len(asked) >= 3
    assert all("?t=" in each for each in asked)
    assert len(set(asked)) == len(asked)


def test_a_file_that_stops_changing_goes_stale_by_itself(site, opened):
    site.show()
    visit = opened(now=AS_OF + timedelta(minutes=44))
    assert state(visit) == "live"
    let_pass(visit, 1.5)

    assert state(visit) == "stale"
    expect(visit.locator("#trouble")).to_contain_text("Stale: a newer payload is due")
    expect(visit.locator(".age")).to_have_text("45 min ago")


def test_a_closed_market_is_closed_until_its_next_slot_is_overdue(site, opened):
    monday = AS_OF + timedelta(days=3, hours=-5)
    site.show(closed(monday))

    assert state(opened(now=AS_OF + timedelta(days=2))) == "closed"
    assert state(opened(now=monday + timedelta(minutes=14))) == "closed"
    assert state(opened(now=monday + timedelta(minutes=16))) == "stale"


def test_an_archive_is_called_one(site, opened):
    quality = payloads.data_quality() | {"source": "sample"}
    site.show(payloads.payload(data_quality=quality, next_expected=None))

    assert state(opened(now=NOW + timedelta(days=4000))) == "archive"


@pytest.mark.parametrize("content", [b"{ half of", b"null", b'{"as_of": "2025"}', None])
def test_a_file_that_cannot_be_read_leaves_the_last_good_values(site, opened, content):
    site.show()
    visit = opened()
    file = site.folder / "aegismatrix.json"
    if content is None:
        file.unlink()
        site.expected_complaints = [
            f"Failed to load resource: the server responded with a status of 404 ({NOT_FOUND})"
        ]
    else:
        file.write_bytes(content)
    let_pass(visit, 1.1)

    expect(visit.locator("#trouble")).to_contain_text("The payload could not be read")
    expect(visit.locator("#trouble")).to_contain_text("the last good values are shown")
    expect(spot(visit)).to_have_text("26,068.15")
    assert visit.locator("[data-chart=fan] svg").count() == 1


def test_a_whole_payload_of_a_broken_shape_leaves_the_last_good_values(site, opened):
    site.show()
    visit = opened()
    (site.folder / "aegismatrix.json").write_bytes(
        b'{"as_of": "2025-11-21T15:15:00+05:30", "market": {}, "direction": 1, "seller": [],'
        b' "buyer": null, "provenance": {"market.regime": null}, "data_quality": {}}'
    )
    let_pass(visit, 1.1)

    expect(visit.locator("#trouble")).to_contain_text("The payload could not be read")
    expect(spot(visit)).to_have_text("26,068.15")
    expect(visit.locator(".as-of")).to_have_text("21 Nov 2025, 14:45 +05:30")
    assert state(visit) == "live"


def test_trouble_is_over_when_the_file_is_whole_again(site, opened):
    site.show()
    visit = opened()
    (site.folder / "aegismatrix.json").write_bytes(b"")
    let_pass(visit, 1.1)
    expect(visit.locator("#trouble")).to_be_visible()
    site.show(later())
    let_pass(visit, 1.1)

    expect(visit.locator("#trouble")).to_be_hidden()
    expect(spot(visit)).to_have_text("26,101.50")

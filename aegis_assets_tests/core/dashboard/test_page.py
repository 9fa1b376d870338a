import base64
import json
import re
from hashlib import sha256
from html.parser import HTMLParser

import pytest
import vl_convert
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from aegis_assets.adapters.page_assets import page_assets
from aegis_assets.core.dashboard.charts import charts
from aegis_assets.core.dashboard.history import History
from aegis_assets.core.dashboard.page import PageAssets, encoded_history, inlined, page
from aegis_assets.core.payload import Payload, encoded
from aegis_assets_tests.dashboard import pasts, payloads

LARGEST = 1_500_000


class _Scripts(HTMLParser):
    """Texts of scripts by id or place, and the page's policy."""

    def __init__(self, html):
        super().__init__()
        self.found, self.policy, self._open = {}, "", None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        if tag == "meta" and known.get("http-equiv") == "Content-Security-Policy":
            self.policy = known["content"]
        if tag in {"script", "style"}:
            self._open = known.get("id", f"{tag} {len(self.found)}")
            self.found[self._open] = ""

    def handle_endtag(self, tag):
        if tag in {"script", "style"}:
            self._open = None

    def handle_data(self, data):
        if self._open:
            self.found[self._open] += data


@pytest.fixture(scope="module")
def made():
    return page(payloads.payload(), pasts.history(), page_assets()).decode()


def test_the_page_holds_the_payload_and_the_history_whole(made):
    scripts = _Scripts(made).found

    assert Payload.model_validate_json(scripts["payload"]) == payloads.payload()
    assert History.model_validate_json(scripts["history"]) == pasts.history()


def test_the_same_payload_gives_the_same_page(made):
    assert page(payloads.payload(), pasts.history(), page_assets()).decode() == made


def test_the_page_is_small_and_asks_for_nothing(made):
    own = made.replace(page_assets().library, "")

    assert len(made.encode()) < LARGEST
    assert re.findall(r"""(?:src|href)=["'](?!#|data:)""", own) == []
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg|vega\.github\.io/schema/)", own)


def test_the_policy_names_what_runs_by_its_hash(made):
    parsed = _Scripts(made)
    code = [text for name, text in parsed.found.items() if name.split()[0] in {"script", "style"}]

    assert len(code) == 3
    for text in code:
        digest = base64.b64encode(sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in parsed.policy
    assert "unsafe" not in parsed.policy
    assert "default-src 'none'" in parsed.policy


@given(st.text() | st.sampled_from(["</script>", "<!--", "]]>", "&lt;", "\u2028\u2029", "\\u003c"]))
def test_what_is_inlined_means_the_same_and_ends_no_script(text):
    held = inlined(json.dumps({"said": text}, ensure_ascii=False))

    assert json.loads(held) == {"said": text}
    assert not set(held) & set("<>&\u2028\u2029")


def test_a_template_that_asks_for_what_is_not_given_is_refused():
    broken = PageAssets("{{ market.name }} {{ nobody }}", "", "", "")

    with pytest.raises(UndefinedError, match="nobody"):
        page(payloads.payload(), pasts.history(), broken)


def test_a_history_survives_its_file():
    content = encoded_history(pasts.history())

    assert History.model_validate_json(content) == pasts.history()
    assert encoded(payloads.payload()) != content


@pytest.mark.parametrize("name", charts())
def test_vega_takes_every_chart(name):
    spec = charts()[name] | {"width": 400, "datasets": {"rows": []}}
    compiled = vl_convert.vegalite_to_vega(spec)

    assert compiled["marks"]
    assert "rows" in {each["name"] for each in compiled["data"]}


def test_charts_have_the_colours_of_the_page_and_no_others():
    text = json.dumps(charts())
    style = page_assets().style

    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|\brgb", text)
    for name in set(re.findall(r"var\((--[a-z0-9-]+)\)", text + page_assets().script)):
        assert f"{name}:" in style, name


def test_no_script_of_the_page_writes_markup():
    own = page_assets().script

    for danger in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
    ):
        assert danger not in own

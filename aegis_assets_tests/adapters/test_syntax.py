"""A change of meaning changes the version; a change of words does not."""

import pytest

from aegis_assets.adapters import syntax

CODE = """
def doubled(x):
    return 2 * x
"""


@pytest.mark.parametrize(
    "same",
    [
        CODE + "# said of it later",
        CODE.replace("(x):", "(x):\n    'Twice.'"),
        "'A module.'" + CODE,
        CODE.replace("2 * x", "(2 * x)"),
    ],
)
def test_words_do_not_count(same):
    assert syntax._syntax(same) == syntax._syntax(CODE)


@pytest.mark.parametrize(
    "other", [CODE.replace("2", "3"), CODE.replace("doubled", "twice"), CODE + "y = 'text'"]
)
def test_meaning_counts(other):
    assert syntax._syntax(other) != syntax._syntax(CODE)


def test_a_package_counts_all_its_modules():
    modules = {module.name for module in syntax._modules("engines")}

    assert {"engine.py", "seller.py", "safe_range.py"} <= modules
    assert syntax.syntax_version("engines") != syntax.syntax_version("engines/blocks")


def test_a_module_that_is_not_there_is_an_error():
    with pytest.raises(FileNotFoundError):
        syntax.syntax_version("no_such_module")

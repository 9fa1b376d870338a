"""The laws of estimators try each on what the engines ask of it."""

from aegis_assets.core.engines import ENGINES
from aegis_assets_tests.core.estimator_cases import ASKED, CASES


def _asks(label):
    """Number of classes, or whether quantiles are asked."""
    return len(label.classes) or bool(label.levels)


def test_engines_ask_of_an_estimator_what_the_laws_try():
    tried = {(case.estimator.name, case.n_classes or bool(case.question.levels)) for case in CASES}
    asked = {
        (each.name, _asks(target.label))
        for engine in ENGINES
        for target in engine.targets
        for each in target.candidates
    }

    assert asked <= tried


def test_every_name_in_the_table_of_questions_is_registered():
    assert set(ASKED) <= {case.estimator.name for case in CASES}

"""What learns several targets at once: each head purged for itself, all on the same folds."""

from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

from aegis_assets.core.errors import DataError
from aegis_assets.core.evaluation.fitting import FORGETFUL, Joint
from aegis_assets.core.evaluation.heads import (
    fitted_together,
    joint_estimators,
    sharing,
    walk_forward_together,
)
from aegis_assets.core.evaluation.record import record
from aegis_assets.core.evaluation.walk_forward import SCHEMA, walk_forward
from aegis_assets_tests.core.small_folds import sized
from aegis_assets_tests.core.stub_network import NAMES, StubNetwork, asked, rows

FIRST_TEST, BLOCK, SEED = 200, 60, 3
LABELS = ("direction_5", "direction_20")


@pytest.fixture(autouse=True)
def _small_folds():
    with sized(FIRST_TEST, BLOCK):
        yield


def heads(network, **examples):
    return [asked(name, network, examples=examples.get(name)) for name in LABELS]


def together(network, **examples):
    return walk_forward_together(network, heads(network, **examples), SEED)


def test_a_joint_estimator_is_told_by_what_it_can_do():
    assert isinstance(StubNetwork(), Joint)
    assert not isinstance(asked("direction_5").target.baselines[0], Joint)


def test_an_estimator_that_several_targets_list_is_one():
    network, other = StubNetwork(), StubNetwork(window=7, name="other")
    put = [
        asked("direction_5", network, other),
        asked("direction_20", network),
        asked("direction_1"),
    ]

    assert joint_estimators([each.target for each in put]) == (network, other)
    assert sharing(put, network) == put[:2]
    assert sharing(put, other) == put[:1]


def test_each_head_learns_what_was_known_to_it_when_the_fold_began():
    """The purge is the horizon, per head, though they share their rows."""
    network = StubNetwork()
    together(network)
    whole = rows(5)
    for index, (inputs, known) in enumerate(network.heard):
        start = whole["session"][FIRST_TEST + index * BLOCK]
        assert inputs.equals(whole.head(inputs.height).select(NAMES))
        for mask, horizon in zip(known, (5, 20), strict=False):
            told = whole.head(inputs.height).with_columns(
                known_on=pl.col("session").dt.offset_by(f"{horizon}d")
            )
            assert mask.tolist() == (told["known_on"] <= start).to_list()
    assert [len(known) for _, known in network.heard] == [2, 2, 2, 1]
    assert [mask.sum() for mask in network.heard[0][1]] == [FIRST_TEST - 4, FIRST_TEST - 19]


def test_the_record_says_of_each_head_how_much_it_had_learnt_from():
    told = together(StubNetwork()).group_by("target", "fold").agg(pl.col("trained_on").unique())
    found = {(name, fold): learnt for name, fold, (learnt,) in told.iter_rows()}

    assert found["direction_5", 0] == FIRST_TEST - 4
    assert found["direction_20", 0] == FIRST_TEST - 19
    assert found["direction_20", 1] == FIRST_TEST + BLOCK - 19


def test_outcomes_after_the_fold_began_leave_its_forecasts():
    """Of either head; what was known by then does not."""
    honest = together(StubNetwork())
    start = FIRST_TEST + BLOCK
    for first, changes in ((start - 19, False), (start - 20, True)):
        late = rows(20)
        turned = late.with_columns(
            outcome_class=pl.when(pl.int_range(pl.len()) >= first)
            .then((pl.col("outcome_class") + 1) % 3)
            .otherwise("outcome_class")
        )
        other = together(StubNetwork(), direction_20=turned)
        seen, expected = (
            each.filter(pl.col("fold") == 1).select("target", "session", "forecast")
            for each in (other, honest)
        )
        assert seen.equals(expected) != changes


def test_the_record_is_that_of_the_schema_on_the_sessions_of_all_others():
    network = StubNetwork()
    made = together(network)

    assert dict(made.schema) == {name: kind for name, (kind, _) in SCHEMA.items()}
    for each in heads(network):
        mine = made.filter(pl.col("target") == each.target.name)
        alone = walk_forward(each.target, each.rows, NAMES, SEED)
        assert mine.select("session", "fold", "fold_start", "known_on", "outcome").equals(
            alone.select("session", "fold", "fold_start", "known_on", "outcome")
        )
        assert mine["candidate"].unique().to_list() == ["stub"]
        assert alone["candidate"].unique().to_list() == ["base_rate"]


def test_a_head_whose_rows_end_earlier_has_fewer_folds():
    made = together(StubNetwork(), direction_20=rows(20).head(FIRST_TEST + BLOCK))

    assert made.filter(pl.col("target") == "direction_5")["fold"].unique().sort().to_list() == [
        0,
        1,
        2,
        3,
    ]
    assert made.filter(pl.col("target") == "direction_20")["fold"].unique().to_list() == [0]


@pytest.mark.parametrize("missing", [1, 10])
def test_folds_that_begin_on_different_sessions_are_refused(missing):
    late = rows(20, before=missing)

    with pytest.raises(DataError, match=r"fold 0 starts on .* expected one session for all"):
        together(StubNetwork(), direction_20=late)


def test_examples_that_the_other_heads_lack_are_refused():
    """A session that only the shorter table has, as many as they are."""
    put = heads(StubNetwork())
    known = [each.rows.head(100) for each in put]
    longer = pl.concat([put[0].rows.head(30), put[0].rows.slice(31, 80)])

    with pytest.raises(DataError, match="direction_20 has examples that the other heads lack"):
        fitted_together(StubNetwork(), put, [longer, known[1]], SEED, FORGETFUL)


def test_no_heads_have_no_record():
    assert walk_forward_together(StubNetwork(), [], SEED).is_empty()


# ── an engine's record ──────────────────────────────────────────────────────────────────


def whole(network, workers=1, **settings):
    with ThreadPoolExecutor(workers) as pool:
        return record(heads(network), SEED, pool, **settings)


def test_an_engine_s_record_holds_what_was_fitted_alone_and_together():
    made = whole(StubNetwork())
    tried = made.select("target", "candidate").unique().rows()

    assert {*tried} == {(name, each) for name in LABELS for each in ("base_rate", "stub")}
    assert made.filter(pl.col("candidate") == "stub").equals(together(StubNetwork()))


def test_threads_change_no_bit_of_the_record():
    assert whole(StubNetwork(), 1).equals(whole(StubNetwork(), 3))


def test_a_network_that_is_left_out_is_not_fitted():
    network = StubNetwork()
    made = whole(network, left_out=frozenset({"stub"}))

    assert made["candidate"].unique().to_list() == ["base_rate"]
    assert network.heard == []


def test_what_is_done_is_told():
    told = []
    whole(StubNetwork(), told=told.append)

    assert sorted(told) == [
        "direction_20: 180 forecasts out of sample",
        "direction_5: 195 forecasts out of sample",
    ]

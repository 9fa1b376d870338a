"""A training and its process: the same bytes in any, and no trace left behind."""

import json
import math
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

import aegis_assets
from aegis_assets.core.errors import TrainingError
from aegis_assets_tests.core.sequences import INPUTS, OUTCOMES, SMALL, heads

torch = pytest.importorskip("torch")

ROOT = Path(aegis_assets.__file__).parents[1]
FRESH = (
    "import json; from aegis_assets_tests.core.test_bilstm_process import fingerprints; "
    "print(json.dumps(fingerprints()))"
)


def fingerprints(seed=3):
    return [sha256(each.dump()).hexdigest() for each in heads(seed=seed)]


@pytest.fixture(scope="module")
def six():
    return heads()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(six):
    same = [sha256(each.dump()).hexdigest() for each in six]

    assert fingerprints() == same
    assert not set(fingerprints(seed=4)) & set(same)


def test_a_fresh_process_with_more_threads_makes_the_same_bytes(six):
    fresh = subprocess.run(  # noqa: S603 - our own interpreter and words
        [sys.executable, "-c", FRESH],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "2"},
        capture_output=True,
        check=True,
    )

    assert json.loads(fresh.stdout) == [sha256(each.dump()).hexdigest() for each in six]


@pytest.fixture
def two_threads():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("two_threads")
def test_the_process_is_left_as_it_was():
    torch.manual_seed(99)
    state = torch.get_rng_state()
    SMALL.fit(INPUTS, OUTCOMES[0], 3)
    with pytest.raises(TrainingError):
        replace(SMALL, learning_rate=math.inf).fit(INPUTS, OUTCOMES[0], 3)

    assert torch.get_num_threads() == 2
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.are_deterministic_algorithms_enabled()


def test_the_process_does_not_reach_into_the_training():
    torch.manual_seed(1)
    one = SMALL.fit(INPUTS, OUTCOMES[0], 3).dump()
    torch.manual_seed(2)

    assert SMALL.fit(INPUTS, OUTCOMES[0], 3).dump() == one

"""Settings say in words what they refuse, and nothing else reads the environment."""

import re
from datetime import date
from pathlib import Path

import pytest

import aegis_assets
from aegis_assets.core.errors import SettingsError
from aegis_assets.settings import Settings, settings

PACKAGE = Path(aegis_assets.__file__).parent


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """The environment of this process, without settings and in an empty folder."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"AEGIS_{name.upper()}", raising=False)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    yield monkeypatch
    settings.cache_clear()


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        (
            "AEGIS_MARKET",
            "NIFTY500",
            r"found market 'NIFTY500', expected one of \['BANKNIFTY', 'NIFTY', 'SP500'\]",
        ),
        ("AEGIS_SOURCE", "bloomberg", r"'sample' or 'yahoo'"),
        ("AEGIS_PATIENCE", "0", r"greater than or equal to 1"),
        ("AEGIS_CLOCK_SHIFT", "yesterday", r"duration"),
        ("AEGIS_HISTORY_START", "01/02/2009", r"date"),
        ("AEGIS_SLOTS_START", "soon", r"date"),
        ("AEGIS_WORKERS", "0", r"greater than or equal to 1"),
        ("AEGIS_DEEP", "perhaps", r"boolean"),
        ("AEGIS_SEED", "lucky", r"integer"),
        ("AEGIS_PUBLISH_TO", "/srv/www", r"found '/srv/www', expected git:.* or a writable URL"),
        ("AEGIS_PUBLISH_TO", "memory://x https://host/x", r"found 'https', expected git:"),
        ("AEGIS_PUBLISH_TO", "ftp://me:secret@host/x s3://", r"found 's3', expected git:"),
        ("AEGIS_PUBLISH_TO", "git:", r"expected git: and the path of a clone"),
        ("AEGIS_PUBLISH_TO", "git://host/x.git", r"expected git: and the path of a clone"),
        ("AEGIS_PUBLISH_TO", "git:x?tag=1", r"found \?tag=1 .* branch, folder, remote"),
        ("AEGIS_PUBLISH_TO", "git:x?branch=", r"found \?branch= .* branch, folder, remote"),
        ("AEGIS_PUBLISH_TO", "git:x?folder=../y", r"found folder '../y', expected one within"),
        ("AEGIS_PUBLISH_TO", "git:x?folder=/y", r"found folder '/y', expected one within"),
        ("AEGIS_PUBLISH_TO", '["s3://bucket"', r"expected|EOF"),
    ],
)
def test_a_refused_setting_is_named_with_what_was_expected(environment, variable, value, said):
    environment.setenv(variable, value)
    with pytest.raises(SettingsError, match=f"{variable}: .*{said}"):
        settings()


def test_all_refused_settings_are_named_at_once(environment):
    environment.setenv("AEGIS_MARKET", "MOON")
    environment.setenv("AEGIS_SEED", "lucky")
    with pytest.raises(SettingsError, match=r"AEGIS_MARKET: .*AEGIS_SEED: "):
        settings()


@pytest.mark.usefixtures("environment")
def test_without_any_setting_the_sample_is_run_in_this_folder():
    chosen = settings()

    assert (chosen.source, chosen.market, chosen.home) == ("sample", "SP500", Path())
    assert chosen.deep is False


def test_the_sequence_network_is_trained_where_it_is_asked_for(environment):
    environment.setenv("AEGIS_DEEP", "1")

    assert settings().deep
    assert settings().folds_folder == Path("warehouse/folds")


@pytest.mark.parametrize(
    ("value", "places"),
    [
        ("", ()),
        ("s3://bucket/aegis", ("s3://bucket/aegis",)),
        ("git:../site?folder=a/b \n memory://x ", ("git:../site?folder=a/b", "memory://x")),
        ('["git:/a folder", "memory://x"]', ("git:/a folder", "memory://x")),
    ],
)
def test_places_to_publish_to_have_spaces_between_or_are_a_list(environment, value, places):
    environment.setenv("AEGIS_PUBLISH_TO", value)

    assert settings().publish_to == places


@pytest.mark.usefixtures("environment")
def test_without_a_place_only_the_folder_is_published_to():
    assert settings().publish_to == ()


@pytest.mark.parametrize(
    ("source", "market"), [("sample", "SP500"), ("yahoo", "NIFTY"), ("yahoo", "BANKNIFTY")]
)
def test_a_source_has_its_market_unless_another_is_chosen(environment, source, market):
    environment.setenv("AEGIS_SOURCE", source)
    if market == "BANKNIFTY":
        environment.setenv("AEGIS_MARKET", market)

    assert settings().market == market


@pytest.mark.usefixtures("environment")
def test_a_line_of_the_env_file_is_a_setting(tmp_path):
    (tmp_path / ".env").write_text("AEGIS_HISTORY_START=2014-05-17\nAEGIS_HOME=elsewhere\n")

    assert settings().history_start == date(2014, 5, 1)
    assert settings().models_folder == Path("elsewhere/models")


def test_the_environment_outweighs_the_env_file(environment, tmp_path):
    (tmp_path / ".env").write_text("AEGIS_SEED=1\n")
    environment.setenv("AEGIS_SEED", "2")

    assert settings().seed == 2


def test_only_settings_reads_the_environment():
    reads = re.compile(r"\b(environ|environb|getenv|EnvVar)\b")
    readers = [
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if reads.search(path.read_text())
    ]

    assert set(readers) <= {"settings.py"}

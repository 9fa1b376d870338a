import pytest

from aegis_assets_tests.adapters.mirrors.repositories import clone_of, commit, git, remote_at


@pytest.fixture(autouse=True)
def _no_configuration_of_this_machine(monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "EMAIL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def remote(tmp_path):
    """A bare repository with one commit."""
    made = remote_at(tmp_path / "remote.git")
    seed = clone_of(made, tmp_path / "seed")
    commit(seed, "README.md", "the site")
    git(seed, "push", "-q", "origin", "main")
    return made


@pytest.fixture
def clone(remote, tmp_path):
    return clone_of(remote, tmp_path / "clone")

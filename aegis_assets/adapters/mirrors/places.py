"""Mirrors by the places that the setting ``publish_to`` names."""

from collections.abc import Sequence

from aegis_assets.adapters.mirrors.git_mirror import GitMirror
from aegis_assets.adapters.mirrors.mirror import Mirror
from aegis_assets.adapters.mirrors.url_mirror import UrlMirror
from aegis_assets.places import git_place, is_git_place


def mirrors(places: Sequence[str]) -> list[Mirror]:
    """A mirror for each place, in their order; nothing is touched yet."""
    return [_mirror(place) for place in places]


def _mirror(place: str) -> Mirror:
    if not is_git_place(place):
        return UrlMirror(place)
    clone, options = git_place(place)
    branch, folder, remote = (options.get(name, "") for name in ("branch", "folder", "remote"))
    return GitMirror(clone.expanduser(), branch, folder, remote)

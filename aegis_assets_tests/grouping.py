"""Tests that share what is dear to make go to one process.

xdist 3.8 loses its marks of groups under pytest 9: an item's name can no longer be changed.
"""

from xdist.scheduler import LoadScopeScheduling

_TOGETHER = ("/day/test_", "/dashboard/test_page_")


class Grouped(LoadScopeScheduling):
    """Each test by itself, but for those of a day, and those of the page in its browser."""

    def _split_scope(self, nodeid: str) -> str:
        return next((each for each in _TOGETHER if each in nodeid), nodeid)

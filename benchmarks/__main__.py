"""All measurements in one run: `python -m benchmarks`, or some of them by name."""

import sys

from benchmarks import features, grouping, import_time, ingestion, training
from benchmarks.timing import machine

_REPORTS = {
    "features": features.report,
    "grouping": grouping.report,
    "training": training.report,
    "import_time": import_time.report,
    "ingestion": ingestion.report,
}

_USUAL = [name for name in _REPORTS if name != "grouping"]  # that one settles a choice of ours


def main(names: list[str]) -> int:
    """Print the machine, then each report; 2 if one is not known."""
    unknown = [name for name in names if name not in _REPORTS]
    if unknown:
        print(f"found {unknown}, expected some of {[*_REPORTS]}", file=sys.stderr)
        return 2
    print(machine())
    for name in names or _USUAL:
        print()
        _REPORTS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

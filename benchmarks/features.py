"""Features beside their peers in one run: plain pandas, TA-Lib and qlib; then how cost grows."""

from benchmarks import pandas_race, qlib_race, scaling, talib_race


def report() -> None:
    """Print one part after the other."""
    for number, part in enumerate((pandas_race, talib_race, qlib_race, scaling)):
        if number:
            print()
        part.report()


if __name__ == "__main__":
    report()

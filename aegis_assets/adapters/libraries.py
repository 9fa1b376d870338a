"""Versions of the libraries that decide a model's bits."""

from importlib.metadata import PackageNotFoundError, version

_DISTRIBUTIONS = ("arch", "numpy", "polars", "polars-talib", "scikit-learn", "scipy")
_XGBOOST = ("xgboost-cpu", "xgboost")


def library_versions() -> dict[str, str]:
    """Name -> version of what features, fits and scores go through; nothing is imported."""
    found = {name: version(name) for name in _DISTRIBUTIONS}
    return found | {"xgboost": next(filter(None, map(_installed, _XGBOOST)), "none")}


def fitting_versions() -> dict[str, str]:
    """Those, and what decides the bits of a fit but not of a forecast."""
    return library_versions() | {
        name: _installed(name) or "none" for name in ("statsmodels", "torch")
    }


def _installed(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None

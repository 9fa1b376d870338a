"""Versions of the libraries that decide a model's bits."""

from importlib.metadata import PackageNotFoundError, version

_DISTRIBUTIONS = ("arch", "numpy", "polars", "polars-talib", "scikit-learn", "scipy")
_XGBOOST = ("xgboost-cpu", "xgboost")


def library_versions() -> dict[str, str]:
    """Name -> version of what features, fits and scores go through; nothing is imported."""
    found = {name: version(name) for name in _DISTRIBUTIONS}
    return found | {"xgboost": next(filter(None, map(_installed, _XGBOOST)), "none")}


def fitting_versions(*, deep: bool) -> dict[str, str]:
    """Those, and what decides the bits of a fit but not of a forecast.

    The sequence network's bits depend on torch and on the kind of device as well.
    """
    found = library_versions() | {"statsmodels": version("statsmodels")}
    if not deep:
        return found
    return found | {"torch": _installed("torch") or "none", "device": _device()}


def _device() -> str:
    """Where the network would be trained."""
    try:
        import torch  # noqa: PLC0415 - 1 to 2 s, only where the network is trained
    except ImportError:
        return "none"
    return "cuda" if torch.cuda.is_available() else "cpu"


def _installed(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None

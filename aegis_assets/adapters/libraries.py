"""Versions of the libraries that decide a model's bits."""

from importlib import import_module

_MODULES = ("arch", "numpy", "polars", "scipy", "xgboost")


def library_versions() -> dict[str, str]:
    """Module name -> version, of those that features, fits and scores go through.

    Asked of the modules, since a distribution may be called otherwise (xgboost-cpu).
    """
    return {name: str(import_module(name).__version__) for name in _MODULES}

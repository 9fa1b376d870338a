"""What a training runs in: workers of one thread each, and a memory of earlier fits.

Linear algebra gives other last bits with other numbers of threads, and its limit is one for the
whole process: it is set once, around all workers, after the libraries that it is for were loaded.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module

from aegis_assets.adapters.fold_memory import FoldMemory
from aegis_assets.adapters.libraries import fitting_versions
from aegis_assets.core.evaluation.fitting import Fits
from aegis_assets.settings import Settings

_BRING_THEIR_OWN = ("arch.univariate", "scipy.optimize", "sklearn.linear_model")


@contextmanager
def workers(settings: Settings) -> Iterator[ThreadPoolExecutor]:
    """As many workers as the settings say."""
    from threadpoolctl import (  # type: ignore[import-untyped]  # noqa: PLC0415 - training only
        threadpool_limits,
    )

    for name in _BRING_THEIR_OWN:
        import_module(name)
    with threadpool_limits(1), ThreadPoolExecutor(settings.workers) as pool:
        yield pool


def memory(settings: Settings) -> FoldMemory:
    """What was fitted before by this code, these libraries and on this kind of device."""
    return FoldMemory(settings.folds_folder, fitting_versions(deep=settings.deep))


@contextmanager
def fitting(settings: Settings) -> Iterator[tuple[ThreadPoolExecutor, Fits]]:
    """Workers with their memory, which first forgets what other code had fitted."""
    kept = memory(settings)
    kept.forget_other_code()
    with workers(settings) as pool:
        yield pool, Fits(kept)

"""How the bidirectional LSTM learns: the only place that runs torch, which no forecast needs.

One thread, deterministic algorithms and own random numbers: what the process had before is put
back, and the same examples and seed give the same weights, in any process, on the same device.

References
----------
Kingma and Ba (2015), "Adam: A Method for Stochastic Optimization", ICLR.  Pascanu, Mikolov and
Bengio (2013), "On the Difficulty of Training Recurrent Neural Networks", ICML.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aegis_assets.core.errors import TrainingError
from aegis_assets.core.estimators.bilstm_examples import UNKNOWN, Examples, Recipe

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import ModuleDict
    from torch.optim import Optimizer

Curve = tuple[tuple[float, float], ...]

_DIVERGED = 2.0


@dataclass(frozen=True, eq=False)
class Learned:
    """The weights of the best epoch, by torch's names, and the losses of every epoch."""

    weights: dict[str, NDArray[np.float32]]
    curve: Curve


@dataclass(frozen=True, eq=False)
class _Lesson:
    """Examples on the device: windows (w, columns, window), a view, and targets (w, heads)."""

    windows: Tensor
    targets: Tensor
    train: Tensor
    validation: Tensor


def learned(examples: Examples, recipe: Recipe, seed: int) -> Learned:
    """What the network has learned from the examples when it was at its best.

    Raises `TrainingError` where torch is missing or gives up, a number is not finite, or the
    training diverges.
    """
    try:
        import torch  # noqa: PLC0415 - 2 s that only training should pay
    except ModuleNotFoundError as error:
        msg = (
            "torch is not installed, expected it where the sequence model learns: install the "
            "extra `deep` (pip install aegis-assets[deep]) or switch it off (AEGIS_DEEP=false)"
        )
        raise TrainingError(msg) from error
    found = "cuda" if torch.cuda.is_available() else "cpu"
    device = found if recipe.device == "auto" else recipe.device
    try:
        with _alone(seed, cuda=device == "cuda"):
            return _learned(examples, recipe, device)
    except (RuntimeError, AssertionError) as error:  # what torch raises for lack of all kinds
        msg = (
            f"torch gave up on {device} ({str(error).splitlines()[0]}): nothing was saved; "
            'train with device="cpu", or on cuda set CUBLAS_WORKSPACE_CONFIG=:4096:8'
        )
        raise TrainingError(msg) from error


@contextmanager
def _alone(seed: int, *, cuda: bool) -> Iterator[None]:
    """One thread, deterministic algorithms, own random numbers; afterwards all as it was."""
    import torch  # noqa: PLC0415 - loaded by now

    threads = torch.get_num_threads()
    strict = torch.are_deterministic_algorithms_enabled()
    lenient = torch.is_deterministic_algorithms_warn_only_enabled()
    with torch.random.fork_rng([torch.cuda.current_device()] if cuda else []):
        torch.default_generator.manual_seed(seed)
        if cuda:
            torch.cuda.manual_seed(seed)
        try:
            torch.set_num_threads(1)
            torch.use_deterministic_algorithms(mode=True)
            yield
        finally:
            torch.use_deterministic_algorithms(strict, warn_only=lenient)
            torch.set_num_threads(threads)


def _learned(examples: Examples, recipe: Recipe, device: str) -> Learned:
    """Epochs until `patience` of them in a row brought no better validation loss."""
    import torch  # noqa: PLC0415 - loaded by now

    network = _network(examples, recipe).to(device)
    lesson = _lesson(examples, recipe.window, device)
    optimiser = torch.optim.Adam(
        network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    curve: list[tuple[float, float]] = []
    best, since, weights = math.inf, 0, _weights(network)
    for epoch in range(1, recipe.epochs + 1):
        train = _taught(network, optimiser, lesson, recipe, epoch)
        validation = _judged(network, lesson, recipe.batch, epoch)
        curve.append((train, validation))
        if validation < best:
            best, since, weights = validation, epoch, _weights(network)
        elif epoch - since >= recipe.patience:
            break
    _refuse_diverged(best, examples.n_classes)
    return Learned(weights, tuple(curve))


def _network(examples: Examples, recipe: Recipe) -> ModuleDict:
    """A trunk for all heads, and a head for each outcome."""
    from torch import nn  # noqa: PLC0415 - loaded by now

    hidden, both = recipe.hidden, 2 * recipe.hidden
    between = recipe.dropout if recipe.layers > 1 else 0.0
    return nn.ModuleDict(
        {
            "lstm": nn.LSTM(
                examples.rows.shape[1], hidden, recipe.layers, dropout=between, bidirectional=True
            ),
            "attention": nn.Sequential(
                nn.Linear(both, hidden), nn.Tanh(), nn.Linear(hidden, 1, bias=False)
            ),
            "dropout": nn.Dropout(recipe.dropout),
            "heads": nn.ModuleList(nn.Linear(both, each) for each in examples.n_classes),
        }
    )


def _lesson(examples: Examples, window: int, device: str) -> _Lesson:
    """Every window as a view of the rows; it is asked at its last row."""
    import torch  # noqa: PLC0415 - loaded by now

    targets = torch.from_numpy(examples.targets[window - 1 :])
    asked = (targets != UNKNOWN).any(dim=1).nonzero()[:, 0]
    train = asked + window - 1 < examples.first
    return _Lesson(
        torch.from_numpy(examples.rows).to(device).unfold(0, window, 1),
        targets.to(device),
        asked[train],
        asked[~train],
    )


def _loss(network: ModuleDict, lesson: _Lesson, asked: Tensor) -> tuple[Tensor, int]:
    """Sum of the cross entropy over known pairs of window and head, and how many there are."""
    from torch.nn.functional import cross_entropy  # noqa: PLC0415 - loaded by now

    states, _ = network["lstm"](lesson.windows[asked].permute(2, 0, 1))
    shares = network["attention"](states).softmax(dim=0)
    pooled = network["dropout"]((shares * states).sum(dim=0))
    targets = lesson.targets[asked]
    losses = [
        cross_entropy(head(pooled), targets[:, k], ignore_index=UNKNOWN, reduction="sum")
        for k, head in enumerate(network["heads"].children())
    ]
    return sum(losses[1:], losses[0]), int((targets != UNKNOWN).sum())


def _taught(
    network: ModuleDict, optimiser: Optimizer, lesson: _Lesson, recipe: Recipe, epoch: int
) -> float:
    """Mean training loss of one epoch, over batches drawn without replacement."""
    import torch  # noqa: PLC0415 - loaded by now

    network.train()
    total, pairs = 0.0, 0
    order = lesson.train[torch.randperm(len(lesson.train))]
    for batch, asked in enumerate(torch.split(order, recipe.batch), start=1):
        where = f"epoch {epoch}, batch {batch}"
        loss, count = _loss(network, lesson, asked)
        total += _finite(loss.item(), "training loss", where)
        pairs += count
        optimiser.zero_grad()
        torch.autograd.backward(loss / count)
        norm = torch.nn.utils.clip_grad_norm_(network.parameters(), recipe.clip)
        _finite(norm.item(), "norm of the gradient", where)
        optimiser.step()
        if not all(bool(each.isfinite().all()) for each in network.parameters()):
            _finite(math.nan, "a weight", where)
    return total / pairs


def _judged(network: ModuleDict, lesson: _Lesson, batch: int, epoch: int) -> float:
    """Mean validation loss, nothing dropped out."""
    import torch  # noqa: PLC0415 - loaded by now

    network.eval()
    total, pairs = 0.0, 0
    with torch.no_grad():
        for number, asked in enumerate(torch.split(lesson.validation, batch), start=1):
            loss, count = _loss(network, lesson, asked)
            where = f"epoch {epoch}, batch {number}"
            total += _finite(loss.item(), "validation loss", where)
            pairs += count
    return total / pairs


def _weights(network: ModuleDict) -> dict[str, NDArray[np.float32]]:
    """A copy of the weights, off the device."""
    return {name: each.cpu().numpy().copy() for name, each in network.state_dict().items()}


def _finite(value: float, what: str, where: str) -> float:
    if not math.isfinite(value):
        msg = (
            f"{what} {value} at {where}, expected a finite number: nothing was saved; "
            "lower the learning rate or mend the features"
        )
        raise TrainingError(msg)
    return value


def _refuse_diverged(best: float, n_classes: tuple[int, ...]) -> None:
    """`TrainingError` if no epoch came near what equal probabilities lose."""
    equal = sum(map(math.log, n_classes)) / len(n_classes)
    if best > _DIVERGED * equal:
        msg = (
            f"validation loss {best:.4g} at best, expected about {equal:.4g} or less: the training "
            "diverged and nothing was saved; lower the learning rate"
        )
        raise TrainingError(msg)

"""The straightforward way to the same forecasts of direction: nothing shared, nothing tuned.

For each horizon and each fold a network of its own, of the size that is shipped, with a copied
window for each row; scikit-learn's histogram trees and logit with their defaults and all threads.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from aegis_assets.adapters.sample import sample_panel
from aegis_assets.core.engines import DIRECTION, VOLATILITY
from aegis_assets.core.engines.asking import asked
from aegis_assets.core.engines.feature_table import feature_table
from aegis_assets.core.estimators import BiLSTM
from aegis_assets.core.evaluation.fitting import FORGETFUL
from aegis_assets.core.evaluation.heads import Asked
from aegis_assets.core.evaluation.record import record
from aegis_assets.core.evaluation.walk_forward import folds
from aegis_assets.core.labels import label_table

_WORKERS = 2


@dataclass(frozen=True)
class Race:
    """The direction targets with their examples."""

    asked: tuple[Asked, ...]
    seed: int

    @classmethod
    def over(cls, since: date, seed: int) -> "Race":
        """Of the sample's candles since a day."""
        panel = sample_panel().filter(pl.col("session") >= since)
        cutoff = panel["session"].to_list()[-1] + timedelta(days=1)
        core = None
        for engine in (VOLATILITY, DIRECTION):
            labels = label_table(panel, engine.labels, panel["session"])
            put = asked(engine, feature_table(panel, engine), labels, cutoff, core)
            if engine is VOLATILITY:
                with ThreadPoolExecutor(_WORKERS) as pool:
                    core = record(put, seed, pool)
        return cls(tuple(each for each in put if each.target.is_classified), seed)

    @property
    def folds(self) -> int:
        """Test blocks of the shortest horizon."""
        return len(list(folds(self.asked[0].rows)))

    def ours(self) -> None:
        """As shipped, with nothing remembered."""
        with ThreadPoolExecutor(_WORKERS) as pool:
            record(self.asked, self.seed, pool)

    def theirs(self) -> None:
        """Every horizon and fold by itself."""
        for each in self.asked:
            for fold in folds(each.rows):
                self._one(each, fold.train, fold.test)

    def _one(self, each: Asked, train: pl.DataFrame, test: pl.DataFrame) -> None:
        network = BiLSTM(gaps=_gaps(each))
        FORGETFUL.fitted(network, each.target, train, each.names, self.seed)
        columns = network.inputs(each.names, 0)
        inputs, asked_for = (rows.select(columns).to_numpy() for rows in (train, test))
        classes = train["outcome_class"].to_numpy().astype(np.int64)
        for model in (
            HistGradientBoostingClassifier(),
            make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000)),
        ):
            model.fit(inputs, classes).predict_proba(asked_for)


def _gaps(each: Asked) -> tuple[str, ...]:
    networks = [one for one in each.target.challengers if isinstance(one, BiLSTM)]
    return networks[0].gaps

"""How much of the session is to come."""

import polars as pl

from aegis_assets.core.session_features.feature import SessionFeature, no_bar

MINUTES_TO_CLOSE = SessionFeature(
    name="minutes_to_close",
    expr=pl.col("minutes_left"),
    bars=no_bar,
    unit="minutes of trading",
    meaning="minutes of trading until the close, a pause not counted",
    null_when="never",
    source="hours of the session",
)

SESSION_LEFT = SessionFeature(
    name="session_left",
    expr=pl.col("minutes_left") / pl.col("minutes"),
    bars=no_bar,
    unit="fraction of the session",
    meaning="share of the session's minutes of trading that is to come",
    null_when="never",
    source="hours of the session",
)

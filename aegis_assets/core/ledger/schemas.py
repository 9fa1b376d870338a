"""Columns of the tables of the ledger."""

import polars as pl

Columns = dict[str, tuple[pl.DataType, str]]

_SLOT = (pl.String(), "slot that the claim was made for: exchange time of its start")
_SESSION = (pl.Date(), "exchange-local date of the moment of the claim")
_PATH = (pl.String(), "where the forecast stands in the payload")
_ENGINE = (pl.String(), "engine that answers it")
_TARGET = (pl.String(), "target whose models answer it")
_ENDS_ON = (pl.Date(), "session whose close settles it; null beyond what is known of the calendar")
_ROLE = (pl.String(), "SERVED, BASELINE or CHALLENGER")
_SOURCE = (pl.String(), "MODEL, BASELINE or PROXY")
_CANDIDATE = (pl.String(), "name of what forecast it")

FORECASTS: Columns = {
    "slot": _SLOT,
    "session": _SESSION,
    "as_of": (pl.Datetime("us", "UTC"), "moment of the claim: nothing later was known"),
    "published_at": (pl.Datetime("us", "UTC"), "when it was made; an edition of the slot"),
    "market": (pl.String(), "name of the market"),
    "path": _PATH,
    "engine": _ENGINE,
    "target": _TARGET,
    "trained_to": (pl.Date(), "cut-off of the models: no session on or after it was seen"),
    "role": _ROLE,
    "source": _SOURCE,
    "candidate": _CANDIDATE,
    "measure": (pl.String(), "what is measured when it is settled, see `core.claim.Measure`"),
    "reference": (pl.Float64(), "price, or implied variance, that the outcome is counted from"),
    "counted_from": (pl.Date(), "last session that was final at the moment of the claim"),
    "ends_on": _ENDS_ON,
    "horizon": (pl.Int64(), "sessions ahead; 0 is the running session's close"),
    "only_if_beyond": (pl.Float64(), "size of return under which it does not count; null: none"),
    "cuts": (pl.List(pl.Float64()), "thresholds between classes, ascending; empty: no classes"),
    "levels": (pl.List(pl.Float64()), "levels of the quantiles; empty: none"),
    "forecast": (pl.List(pl.Float64()), "class probabilities, quantiles at the levels, or a mean"),
    "feature_hash": (pl.String(), "sha256 of the row of inputs that was asked"),
    "code_version": (pl.String(), "code version of the payload"),
}
"""One row per edition of a slot, path, role and candidate; append-only."""

OUTCOMES: Columns = {
    "slot": _SLOT,
    "session": _SESSION,
    "path": _PATH,
    "engine": _ENGINE,
    "target": _TARGET,
    "ends_on": _ENDS_ON,
    "outcome": (pl.Float64(), "what happened, as the claim measures it; null with a reason"),
    "outcome_class": (pl.Int64(), "how many cuts lie below the outcome; null without cuts"),
    "reason": (pl.String(), "code of `settling.Reason` why there is no outcome; null otherwise"),
}
"""One row per slot and path whose last session is over."""

SCORECARD: Columns = {
    "month": (pl.Date(), "first day of the month in which the claims ended"),
    "span": (pl.String(), "MONTH: ended in it; TO_DATE: ended in it or before"),
    "engine": _ENGINE,
    "target": _TARGET,
    "path_kind": (pl.String(), "path; seller.safe_range is both of its edges together"),
    "horizon": (pl.Int64(), "sessions ahead; the longest where it differs from slot to slot"),
    "role": _ROLE,
    "source": _SOURCE,
    "candidate": _CANDIDATE,
    "n": (pl.Int64(), "settled claims"),
    "sessions": (pl.Int64(), "sessions in which they were made"),
    "score": (pl.String(), "Brier, RPS, pinball, squared error or interval"),
    "loss": (pl.Float64(), "mean over sessions of that score's mean within the session"),
    "log_loss": (pl.Float64(), "mean log loss, likewise; infinite where 0 came; classes only"),
    "brier": (pl.Float64(), "half the squared error summed over classes, likewise; classes only"),
    "coverage": (pl.Float64(), "share that ended within the quantiles; ranges only"),
    "nominal": (pl.Float64(), "share that should have"),
    "calibration_error": (pl.Float64(), "of the worst class; null under ten claims"),
    "skill": (pl.Float64(), "1 - loss / loss of the baseline on the same rows; null of itself"),
    "skill_lower": (pl.Float64(), "95 % interval, blocks of sessions resampled; null: too few"),
    "skill_upper": (pl.Float64(), "see `skill_lower`"),
}
"""One row per month, span, path, role and source."""

RELIABILITY: Columns = {
    "engine": _ENGINE,
    "target": _TARGET,
    "path": _PATH,
    "class": (pl.Int64(), "class whose probability it is, counted from the lowest"),
    "bin": (pl.Int64(), "tenth of the unit interval that the probability lies in, from 0"),
    "n": (pl.Int64(), "settled claims"),
    "mean_probability": (pl.Float64(), "mean of the probabilities served"),
    "frequency": (pl.Float64(), "share in which the class came"),
    "lower": (pl.Float64(), "95 % interval of it, blocks of sessions resampled; null: too few"),
    "upper": (pl.Float64(), "see `lower`"),
}
"""One row per path, class and tenth that holds a forecast."""

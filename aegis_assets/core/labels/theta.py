"""Whether options cost more volatility than came: what the seller of a straddle lives on."""

from aegis_assets.core.indicators.volatility_index import implied_volatility
from aegis_assets.core.labels.label import Label
from aegis_assets.core.labels.paths import band, forward_variance, forward_volatility

# As a trader says it of volatility: rich was dearer than what came of it, cheap was not.
CLASSES = ("RICH", "CHEAP")


def theta(horizon: int) -> Label:
    """Log of realised over implied variance of `horizon` sessions: below 0 the seller earns.

    References
    ----------
    Carr and Wu (2009), "Variance Risk Premiums", Review of Financial Studies 22(3): the log
    variance risk premium, of sessions and of the true-range Parkinson variance.
    """
    implied = horizon * implied_volatility() ** 2
    return Label(
        name=f"theta_{horizon}",
        horizon=horizon,
        outcome=(forward_variance(horizon) / implied).log(),
        cuts=(),
        classes=(),
        unit="log ratio of variances",
        definition=(
            f"ln(RV(t,{horizon}) / (IV^2 * {horizon} / 252)), RV = sum of the true-range Parkinson "
            f"variances of t+1..t+{horizon}, IV = the volatility index at t"
        ),
    )


def premium(horizon: int) -> Label:
    """Whether realised volatility exceeds implied: the sign of `theta`, as classes.

    RICH where the volatility sold was dearer than what came, so the seller earns; CHEAP where
    more came than was paid for, so the buyer does.
    """
    return Label(
        name=f"premium_{horizon}",
        horizon=horizon,
        outcome=forward_volatility(horizon),
        cuts=(band(implied_volatility(), horizon, 1.0),),
        classes=CLASSES,
        unit=f"log return over {horizon} sessions",
        definition=(
            f"CHEAP if sqrt(RV(t,{horizon})) > IV * sqrt({horizon} / 252), else RICH; RV = sum of "
            f"the true-range Parkinson variances of t+1..t+{horizon}, IV = the volatility index "
            "at t"
        ),
    )


THETA_5, THETA_10, THETA_20 = (theta(horizon) for horizon in (5, 10, 20))
PREMIUM_5 = premium(5)

"""Volatilities, volume and the volatility index as loops over bars, slow and independent.

`NAIVE` takes the bars of a warm-up, `SETTLED` all bars so far: where it began is forgotten.
"""

import math
from itertools import pairwise
from statistics import fmean, stdev, variance


def returns(window):
    return [math.log(bar["close"] / before["close"]) for before, bar in pairwise(window)]


def log_ranges(window):
    return [math.log(bar["high"] / bar["low"]) for bar in window]


def parkinson(window):
    return math.sqrt(fmean(each**2 for each in log_ranges(window)) / (4 * math.log(2)))


def garman_klass(window):
    bodies = [math.log(bar["close"] / bar["open"]) for bar in window]
    return math.sqrt(
        fmean(
            0.5 * size**2 - (2 * math.log(2) - 1) * body**2
            for size, body in zip(log_ranges(window), bodies, strict=True)
        )
    )


def normalised(bar):
    """High, low and close as log distances from the open: u, d and c of the papers."""
    return (math.log(bar[name] / bar["open"]) for name in ("high", "low", "close"))


def rogers_satchell_variance(window):
    total = 0.0
    for bar in window:
        up, down, body = normalised(bar)
        total += up * (up - body) + down * (down - body)
    return total / len(window)


def yang_zhang(window):
    bars, n = window[1:], len(window) - 1
    k = 0.34 / (1.34 + (n + 1) / (n - 1))
    gaps = [math.log(bar["open"] / before["close"]) for before, bar in pairwise(window)]
    bodies = [math.log(bar["close"] / bar["open"]) for bar in bars]
    within = rogers_satchell_variance(bars)
    return math.sqrt(variance(gaps) + k * variance(bodies) + (1 - k) * within)


def session_variances(window):
    ranges = [
        math.log(max(bar["high"], before["close"]) / min(bar["low"], before["close"]))
        for before, bar in pairwise(window)
    ]
    return [max(1e-8, each**2 / (4 * math.log(2))) for each in ranges]


def illiquidity(window):
    impacts = [
        abs(move) / (bar["close"] * bar["volume"]) if bar["volume"] else None
        for move, bar in zip(returns(window), window[1:], strict=True)
    ]
    late, year = ([each for each in part if each is not None] for part in (impacts[-20:], impacts))
    return math.log(fmean(late) / fmean(year)) if len(late) >= 10 and len(year) >= 126 else None


def typical(bar):
    return (bar["high"] + bar["low"] + bar["close"]) / 3


def place_of_close(bar):
    width = bar["high"] - bar["low"]
    return (2 * bar["close"] - bar["high"] - bar["low"]) / width if width else 0.0


def on_balance(window):
    signed = 0.0
    for before, bar in pairwise(window):
        move = bar["close"] - before["close"]
        signed += bar["volume"] * ((move > 0) - (move < 0))
    return signed / sum(bar["volume"] for bar in window[1:])


def vwap_distance(window):
    money = sum(typical(bar) * bar["volume"] for bar in window)
    return math.log(window[-1]["close"] / (money / sum(bar["volume"] for bar in window)))


def money_flow(window):
    return sum(place_of_close(bar) * bar["volume"] for bar in window) / sum(
        bar["volume"] for bar in window
    )


def line_z_score(window):
    level, line = 0.0, []
    for bar in window:
        level += place_of_close(bar) * bar["volume"]
        line.append(level)
    return (line[-1] - fmean(line)) / stdev(line)


def money_flow_index(window):
    flows = {1: 0.0, 0: 0.0, -1: 0.0}
    for before, bar in pairwise(window):
        move = typical(bar) - typical(before)
        flows[(move > 0) - (move < 0)] += typical(bar) * bar["volume"]
    moved = flows[1] + flows[-1]
    return flows[1] / moved if moved else 0.5


def implied(window):
    return [bar["volatility_index"] for bar in window]


def implied_changes(window):
    return [math.log(now / before) for before, now in pairwise(implied(window))]


def implied_z_score(window):
    logs = [math.log(each) for each in implied(window)]
    return (logs[-1] - fmean(logs)) / stdev(logs)


def implied_percentile(window):
    *_, last = index = implied(window)
    return (sum(each < last for each in index) + (index.count(last) - 1) / 2) / 251


def over_average(window):
    return math.log(implied(window)[-1] / fmean(implied(window)))


NAIVE = {
    **{f"realised_volatility_{n}": lambda window: stdev(returns(window)) for n in (5, 10, 20, 60)},
    "volatility_ratio_5_60": lambda window: stdev(returns(window)[-5:]) / stdev(returns(window)),
    **{f"log_range_{n}": lambda window: fmean(log_ranges(window)) for n in (1, 10, 60)},
    "range_compression_10_60": lambda w: fmean(log_ranges(w[-10:])) / fmean(log_ranges(w)),
    "parkinson_volatility_20": parkinson,
    "garman_klass_volatility_20": garman_klass,
    "rogers_satchell_volatility_20": lambda w: math.sqrt(rogers_satchell_variance(w)),
    "yang_zhang_volatility_20": yang_zhang,
    "realised_range_volatility_10": lambda w: math.sqrt(sum(session_variances(w))),
    "on_balance_volume_20": on_balance,
    "volume_ratio_20": lambda w: w[-1]["volume"] / fmean(bar["volume"] for bar in w),
    "vwap_distance_20": vwap_distance,
    "chaikin_money_flow_20": money_flow,
    "accumulation_distribution_z_score_20": line_z_score,
    "money_flow_index_14": money_flow_index,
    "amihud_illiquidity_20_252": illiquidity,
    "implied_change_1": lambda window: implied_changes(window)[0],
    "implied_z_score_252": implied_z_score,
    "implied_percentile_252": implied_percentile,
    "implied_less_realised_20": lambda w: implied(w)[-1] / 1587.4507866 - stdev(returns(w)),
    "implied_over_average_20": over_average,
    "implied_over_average_60": over_average,
    **{
        f"volatility_of_implied_{n}": lambda window: stdev(implied_changes(window))
        for n in (10, 20, 60)
    },
}


def ema(series, alpha):
    average, averages = series[0], []
    for each in series:
        average += alpha * (each - average)
        averages.append(average)
    return averages


def true_ranges(rows):
    return [
        max(bar["high"], before["close"]) - min(bar["low"], before["close"])
        for before, bar in pairwise(rows)
    ]


def normalised_range(rows):
    return ema(true_ranges(rows), 1 / 14)[-1] / rows[-1]["close"]


def keltner(rows):
    """Middle and half width: 20 typical prices by their span, Wilder's 10 true ranges."""
    return ema([typical(bar) for bar in rows], 2 / 21)[-1], 2 * ema(true_ranges(rows), 1 / 10)[-1]


def keltner_width(rows):
    middle, half = keltner(rows)
    return 2 * half / middle


def keltner_position(rows):
    middle, half = keltner(rows)
    return 0.5 + (rows[-1]["close"] - middle) / (2 * half)


def oscillator(rows):
    level, line = 0.0, []
    for bar in rows:
        level += place_of_close(bar) * bar["volume"]
        line.append(level)
    return (ema(line, 2 / 4)[-1] - ema(line, 2 / 11)[-1]) / fmean(b["volume"] for b in rows[-20:])


SETTLED = {
    "normalised_average_true_range_14": normalised_range,
    "keltner_width_20": keltner_width,
    "keltner_position_20": keltner_position,
    "chaikin_oscillator_3_10": oscillator,
}

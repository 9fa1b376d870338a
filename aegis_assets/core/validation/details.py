"""The tables of one target: all that its card knows."""

from collections.abc import Iterator, Sequence

from aegis_assets.core.card import Card, Trial
from aegis_assets.core.evidence import Reliability
from aegis_assets.core.frozen import Skill
from aegis_assets.core.validation.figures import (
    UNKNOWN,
    fraction,
    loss,
    percent,
    rates,
    signed,
    slope_told,
)
from aegis_assets.core.validation.grid import Chapter, Grid
from aegis_assets.core.validation.safe_range import RangeRecord, RangeYear
from aegis_assets.core.validation.summary import accuracy, pair, role, scored


def chapter(card: Card) -> Chapter:
    """Everything about one target; a table without a row is left out."""
    title = f"{card.target}: {card.verdict.source}"
    served = card.verdict.served
    grids = (
        facts(card),
        candidates(card),
        contenders(card),
        by_year(card),
        folds(card),
        confusion(card),
        reliability(card),
        coverage_by_year(card),
    )
    return Chapter(
        f"{title} {served}" if served else title,
        tuple(each for each in grids if each.rows),
    )


def facts(card: Card) -> Grid:
    """What is asked, of what, and what was decided."""
    folded, span = card.evidence.folds, card.span
    rows = (
        ("question", card.label),
        ("horizon", f"{card.horizon} sessions"),
        ("scored", f"{folded[0].first} to {folded[-1].last}" if folded else "nothing"),
        ("sessions, folds", f"{scored(card)}, {card.verdict.folds}"),
        ("learnt from", f"{span.first} to {span.last}, {span.n} outcomes" if span else "nothing"),
        *((("base rates", _classes(card)),) if card.classes else ()),
        ("score", card.verdict.score),
        ("once promised", card.promised or UNKNOWN),
        ("reasons and remarks", "; ".join(card.verdict.reasons) or UNKNOWN),
    )
    return Grid("What was judged", ("", "found"), rows)


def _classes(card: Card) -> str:
    if not card.verdict.base_rates:
        return UNKNOWN
    return f"{rates(card.verdict.base_rates)} ({' / '.join(card.classes)})"


def candidates(card: Card) -> Grid:
    """Every baseline and contender by mean loss."""
    ordered = sorted(card.verdict.candidates, key=lambda each: each.loss)
    logs = card.evidence.log_loss
    rows = tuple(
        (
            each.name,
            role(card, each.name).strip("()") or UNKNOWN,
            str(each.n),
            loss(each.loss),
            *((fraction(logs.get(each.name), 4),) if logs else ()),
        )
        for each in ordered
    )
    note = (
        f"Skill of the strongest baseline against the plainest: {card.verdict.baseline_skill}."
        if card.verdict.baseline_skill
        else ""
    )
    known = ("candidate", "role", "n", f"mean {card.verdict.score}")
    columns = (*known, "log loss") if logs else known
    return Grid("Candidates, the least loss first", columns, rows, note)


def contenders(card: Card) -> Grid:
    """Every contender at the gate."""
    columns = (
        "contender",
        "against",
        "skill [95 %]",
        "p",
        "share",
        "newest 250",
        "second market",
        "refused because",
    )
    return Grid(
        "Contenders at the gate",
        columns,
        tuple(_trial(each) for each in card.verdict.trials),
        note=f"The share is what is left of the contender after it was shrunk toward {card.anchor}."
        if card.anchor
        else "",
    )


def _trial(trial: Trial) -> tuple[str, ...]:
    return (
        trial.name,
        trial.against,
        str(trial.skill),
        fraction(trial.p_value),
        fraction(trial.weight, 2),
        _skill(trial.recent),
        _skill(trial.second_market),
        "; ".join(trial.reasons) or "it passes",
    )


def _skill(skill: Skill | None) -> str:
    return str(skill) if skill else UNKNOWN


def by_year(card: Card) -> Grid:
    """Skill of each contender in each calendar year."""
    trials = card.verdict.trials
    years = sorted({year for each in trials for year in each.skill_by_year})
    rows = tuple(
        (str(year), *(signed(each.skill_by_year.get(year)) for each in trials)) for year in years
    )
    return Grid("Skill by year", ("year", *(each.name for each in trials)), rows)


def folds(card: Card) -> Grid:
    """Every test block with the mean loss of every candidate."""
    names = [each.name for each in card.verdict.candidates]
    rows = tuple(
        (
            str(each.fold),
            f"{each.first} to {each.last}",
            str(each.n),
            str(each.trained_on),
            *(loss(each.losses.get(name)) for name in names),
        )
        for each in card.evidence.folds
    )
    return Grid("Folds", ("fold", "tested", "n", "learnt from", *names), rows)


def confusion(card: Card) -> Grid:
    """What happened against what was likeliest; of three classes or more."""
    shown = {
        name: found
        for name, found in card.evidence.reliability.items()
        if accuracy(card, found) != UNKNOWN
    }
    name = card.verdict.leading if card.verdict.leading in shown else next(iter(shown), None)
    if name is None:
        return Grid("", (), ())
    found = shown[name]
    rows = tuple(
        (happened, *(str(count) for count in row), str(sum(row)))
        for happened, row in zip(card.classes, found.confusion, strict=True)
    )
    columns = ("happened", *(f"said {each}" for each in card.classes), "all")
    note = f"Of {name} {role(card, name)}: {accuracy(card, found)}."
    return Grid("What happened against what was likeliest", columns, rows, note)


def reliability(card: Card) -> Grid:
    """Forecast against observed share in bins of equal mass, of all that was kept."""
    return Grid(
        "Reliability, of the worst class",
        ("candidate", "error (chance)", "slope [95 %]", "forecast > observed, by bin"),
        tuple(
            (
                f"{name} {role(card, name)}",
                f"{fraction(found.calibration_error)} ({fraction(found.by_chance)})",
                slope_told(found.slope),
                _bins(found),
            )
            for name, found in card.evidence.reliability.items()
        ),
    )


def _bins(found: Reliability) -> str:
    return ", ".join(f"{each.forecast:.2f} > {each.observed:.2f}" for each in found.bins)


def coverage_by_year(card: Card) -> Grid:
    """Share at or below each quantile, by calendar year."""
    found = card.evidence.coverage.get(card.verdict.served or "", ())
    years = sorted({year for each in found for year in each.by_year})
    rows = tuple(
        (str(year), *(percent(each.by_year.get(year)) for each in found)) for year in years
    )
    columns = ("year", *(f"at {each.nominal:g}" for each in found))
    return Grid(f"Coverage by year, of {card.verdict.served}", columns, rows)


def range_chapters(records: Sequence[RangeRecord]) -> Iterator[Chapter]:
    """The safe range of each horizon by year."""
    for horizon in dict.fromkeys(each.horizon for each in records):
        mine = [each for each in records if each.horizon == horizon]
        levels = dict.fromkeys(each.nominal for each in mine)
        grids = tuple(_range_years([each for each in mine if each.nominal == x]) for x in levels)
        yield Chapter(f"safe range over {horizon} sessions, by year", grids)


def _range_years(records: Sequence[RangeRecord]) -> Grid:
    by_year = [{year.year: year for year in each.years} for each in records]
    rows = tuple(
        (str(year), str(found.n), *(_range_year(each[year]) for each in by_year))
        for year, found in by_year[0].items()
    )
    columns = ("year", "n", *(pair(each) for each in records))
    return Grid(f"At {records[0].nominal:.0%}: covered, width, score", columns, rows)


def _range_year(found: RangeYear) -> str:
    return f"{percent(found.coverage)}, {fraction(found.width, 4)}, {fraction(found.score, 4)}"

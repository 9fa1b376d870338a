from datetime import date, timedelta
from io import BytesIO
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from aegis_assets.adapters import feature_plots as plots
from aegis_assets.core.feature_quality import Clusters, correlation_clusters, drift, missing_shares

TITLE = "Features of the index"
LIMIT = 60_000
ROWS = 5_031


def features(columns, rows=ROWS, seed=11):
    """A table as large as a real one: pairs that repeat each other, and a late start of a third."""
    rng = np.random.default_rng(seed)
    values = np.repeat(rng.standard_normal((columns // 2 + 1, rows)), 2, axis=0)[:columns]
    values += 0.2 * rng.standard_normal(values.shape)
    values[:, -200:] += rng.uniform(0, 2, (columns, 1))
    names = [f"normalised_average_range_{i}" for i in range(columns)]
    first = date(2000, 1, 1)
    made = pl.DataFrame(dict(zip(names, values, strict=True)))
    return made.select(
        pl.lit("ALPHA").alias("symbol"),
        pl.Series("session", [first + timedelta(days=1.4 * i) for i in range(rows)], dtype=pl.Date),
        *(
            pl.when(pl.int_range(pl.len()) >= (rows // 2 if i % 3 == 0 else 20)).then(name)
            for i, name in enumerate(names)
        ),
    )


def clusters_of(table):
    return correlation_clusters(table, table.columns[2:])


KINDS = {
    "missingness": (missing_shares, plots.missingness_figure, plots.missingness_plot),
    "drift": (drift, plots.drift_figure, plots.drift_plot),
    "cluster": (clusters_of, plots.cluster_figure, plots.cluster_plot),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def names_of(figure):
    return [label.get_text() for label in figure.axes[0].get_yticklabels()]


def words_of(figure):
    """All that stands in a picture beside its ticks, as one line."""
    texts = [figure.get_suptitle(), figure.get_supxlabel(), *(t.get_text() for t in drawn(figure))]
    return " ".join(" ".join(texts).split())


def drawn(figure):
    return figure.axes[0].texts


def colours(picture):
    return {to_hex(np.divide(rgb, 255)) for _, rgb in picture.convert("RGB").getcolors(1000)}


@every_kind
@pytest.mark.parametrize("columns", [2, 45])
def test_a_picture_is_small_opaque_and_says_what_it_is(kind, columns):
    statistic, figure, plot = KINDS[kind]
    found = statistic(features(columns))

    content = plot(found, TITLE)

    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(content) < LIMIT
    assert figure(found, TITLE).get_suptitle() == TITLE
    with Image.open(BytesIO(content)) as picture:
        assert (picture.mode, "transparency" in picture.info) == ("P", False)
        assert picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
        assert max(picture.size) <= 1_100


@every_kind
def test_the_same_table_gives_the_same_bytes(kind):
    statistic, _, plot = KINDS[kind]
    found, other = statistic(features(12)), statistic(features(12, seed=12))

    assert plot(found, TITLE) == plot(statistic(features(12)), TITLE)
    assert plot(found, TITLE) != plot(found, "Others")
    assert kind == "missingness" or plot(found, TITLE) != plot(other, TITLE)


@every_kind
def test_a_picture_tells_nothing_of_the_program_that_made_it(kind):
    statistic, _, plot = KINDS[kind]

    with Image.open(BytesIO(plot(statistic(features(3)), TITLE))) as picture:
        assert picture.text == {}


def test_missingness_has_a_line_per_feature_and_a_column_per_year():
    shares = missing_shares(features(45))
    figure = plots.missingness_figure(shares, TITLE)
    axes = figure.axes[0]

    years = [label.get_text() for label in axes.get_xticklabels()]
    assert names_of(figure) == shares["feature"].unique(maintain_order=True).to_list()
    assert years == [str(year) for year in shares["year"].unique().sort()]
    assert axes.images[0].get_array().shape == (45, len(years))


@pytest.mark.parametrize(
    ("share", "step"),
    [(0.0, 0), (1e-4, 1), (0.05, 1), (0.051, 2), (0.25, 2), (0.5, 3), (0.76, 4), (1.0, 5)],
)
def test_a_share_has_its_step_of_colour(share, step):
    shares = pl.DataFrame(
        {"feature": ["one", "two"], "year": [2020, 2020], "share": [share, 0.0]},
        schema_overrides={"year": pl.Int32},
    )
    figure = plots.missingness_figure(shares, TITLE)
    labels = ["none", "up to 0.05", "up to 0.25", "up to 0.75", "under 1", "all"]
    image = figure.axes[0].images[0]

    assert image.get_array().tolist() == [[step], [0]]
    assert [text.get_text() for text in figure.axes[1].get_xticklabels()] == labels
    assert f"{int(share > 0)} of 2 features miss a value" in words_of(figure)
    with Image.open(BytesIO(plots.missingness_plot(shares, TITLE))) as picture:
        assert to_hex(image.cmap(image.norm(step))) in colours(picture)


def measured(*psi, threshold=0.2):
    return pl.DataFrame(
        [(f"feature_{i}", value, threshold, 252, 252) for i, value in enumerate(psi)],
        schema=["feature", "psi", "threshold", "reference_n", "recent_n"],
        orient="row",
    )


def test_drift_shows_the_largest_first_with_its_number():
    figure = plots.drift_figure(measured(0.1, 0.5, 0.3), TITLE)
    axes = figure.axes[0]

    assert names_of(figure) == ["feature_1", "feature_2", "feature_0"]
    assert [bar.get_width() for bar in axes.patches] == [0.5, 0.3, 0.1]
    assert [text.get_text().strip() for text in drawn(figure)] == ["0.50", "0.30", "0.10"]
    assert axes.yaxis_inverted()


def test_drift_above_its_own_threshold_has_another_colour():
    drifts = pl.concat([measured(0.4, 0.3), measured(0.35, threshold=0.38)])
    figure = plots.drift_figure(drifts, TITLE)
    axes = figure.axes[0]

    first, second, third = (to_hex(bar.get_facecolor()) for bar in axes.patches)
    marks = [segment[0][0] for segment in axes.collections[0].get_segments()]
    assert (first, second, third) == (plots._MOVED, plots._STABLE, plots._MOVED)
    assert marks == [0.2, 0.38, 0.2]
    assert "2 of 3 exceed the dark mark" in words_of(figure)


def test_drift_shows_thirty_and_counts_all():
    figure = plots.drift_figure(measured(*np.linspace(0.01, 1, 100)), TITLE)

    assert names_of(figure) == [f"feature_{i}" for i in range(99, 69, -1)]
    assert "80 of 100 exceed the dark mark" in words_of(figure)


def test_drift_names_what_was_not_measured():
    figure = plots.drift_figure(measured(0.3, *[None] * 7), TITLE)

    unmeasured = ", ".join(f"feature_{i}" for i in range(1, 6))
    assert names_of(figure) == ["feature_0"]
    assert f"fewer than 100 values in a year: {unmeasured} and 2 more" in words_of(figure)


def test_a_table_of_constants_has_bars_of_no_length():
    figure = plots.drift_figure(measured(0.0, 0.0, threshold=0.0), TITLE)

    assert [bar.get_width() for bar in figure.axes[0].patches] == [0.0, 0.0]
    assert "0 of 2 exceed" in words_of(figure)


def test_clusters_are_drawn_in_their_order_with_their_groups_framed():
    rho = np.array([[1.0, -0.97, 0.1], [-0.97, 1.0, 0.2], [0.1, 0.2, 1.0]])
    left_out = {"flat": "constant", "absent": "null everywhere"}
    found = Clusters(("up", "down", "other"), rho, (("up", "down"),), (), left_out, 321)
    figure = plots.cluster_figure(found, TITLE)
    axes = figure.axes[0]

    (frame,) = axes.patches
    assert names_of(figure) == ["up  1", "down  2", "other  3"]
    assert axes.images[0].get_array().tolist() == np.abs(rho).tolist()
    assert (*frame.get_xy(), frame.get_width(), frame.get_height()) == (-0.5, -0.5, 2, 2)
    assert "321 complete rows; framed: 1 groups with |ρ| of 0.95 and more" in words_of(figure)
    assert "constant: flat null everywhere: absent" in words_of(figure)


def test_every_colour_of_the_cells_is_in_the_picture():
    found = clusters_of(features(45))
    image = plots.cluster_figure(found, TITLE).axes[0].images[0]
    cells = {to_hex(image.cmap(image.norm(x))) for x in np.abs(found.rho).ravel()}

    with Image.open(BytesIO(plots.cluster_plot(found, TITLE))) as picture:
        assert cells <= colours(picture)
    assert len(cells) > 3


def test_a_correlation_of_one_has_the_colour_of_what_is_alike():
    image = plots.cluster_figure(clusters_of(features(4)), TITLE).axes[0].images[0]
    low, high, alike, one = (to_hex(image.cmap(image.norm(x))) for x in (0, 0.94, 0.95, 1.0))

    assert low != high != alike == one


@every_kind
@pytest.mark.parametrize("columns", [46, 140])
def test_names_of_many_columns_do_not_overlap(kind, columns):
    statistic, figure, _ = KINDS[kind]
    made = figure(statistic(features(columns)), TITLE)
    made.draw_without_rendering()

    boxes = [label.get_window_extent() for label in made.axes[0].get_yticklabels()]
    assert len(boxes) == (plots.LARGEST if kind == "drift" else columns)
    assert all(above.y0 >= below.y1 - 2 for above, below in pairwise(boxes))
    assert min(box.x0 for box in boxes) >= 0


UNMEASURED = "not measured, fewer than 100 values in a year: normalised_average_range_0"
ABSENT = "null everywhere: normalised_average_range_0"
WORDS = {
    ("missingness", "no rows"): "no rows, or no features: nothing can be missing",
    ("missingness", "one row"): "2 of 2 features miss a value",
    ("missingness", "no features"): "no rows, or no features: nothing can be missing",
    ("missingness", "one feature"): "1 of 1 features miss a value",
    ("missingness", "all null"): "2 of 2 features miss a value",
    (
        "drift",
        "no rows",
    ): UNMEASURED,
    (
        "drift",
        "one row",
    ): UNMEASURED,
    ("drift", "no features"): "no features: nothing can drift",
    ("drift", "one feature"): "of 1 exceed the dark mark",
    (
        "drift",
        "all null",
    ): UNMEASURED,
    ("cluster", "no rows"): "Correlations need two features, 0 can be compared",
    ("cluster", "one row"): ABSENT,
    ("cluster", "no features"): "Correlations need two features, 0 can be compared",
    ("cluster", "one feature"): "Correlations need two features, 1 can be compared",
    ("cluster", "all null"): ABSENT,
}
TWO = features(2, rows=600)
POOR = {
    "no rows": TWO.clear(),
    "one row": TWO.head(1),
    "no features": TWO.select("symbol", "session"),
    "one feature": features(1, rows=1_200),
    "all null": TWO.with_columns(pl.lit(None, pl.Float64).alias(name) for name in TWO.columns[2:]),
}


@pytest.mark.parametrize(("kind", "case"), WORDS)
def test_a_table_with_little_in_it_gives_a_picture_that_says_so(kind, case):
    statistic, figure, plot = KINDS[kind]
    found = statistic(POOR[case])

    assert WORDS[kind, case] in words_of(figure(found, TITLE))
    assert plot(found, TITLE).startswith(b"\x89PNG")

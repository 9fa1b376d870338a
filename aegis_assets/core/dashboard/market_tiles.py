"""Tiles of the market, above every tab."""

from aegis_assets.core.contract.words import INDEX
from aegis_assets.core.dashboard.tile import Help, Mark, Place, Tab, Tile

_ALL = tuple(Tab)

SPOT = Tile(
    id="spot",
    mark=Mark.PRICE,
    help=Help(
        what="The newest price of the index that was known at the end of the slot, and its move "
        "since the close of the session before. The line shows the last closes.",
        sure="A quotation, not a forecast. Its source and its age at the slot's end are under "
        "data quality.",
        read="Everything else on this page is measured from this price. Compare its time with "
        "the clock before comparing levels with a live screen.",
    ),
    places=(
        Place(
            "spot",
            "Spot",
            _ALL,
            "market",
            ("spot", "spot_change", "spot_change_pct", "session"),
            5,
        ),
    ),
)
VOLATILITY_INDEX = Tile(
    id="volatility_index",
    mark=Mark.INDEX,
    help=Help(
        what="The exchange's volatility index: what options charge for the next month, in percent "
        "a year. Below 15 it is graded low, from 25 high.",
        sure="A quotation, not a forecast. The grades are round numbers, fixed beforehand.",
        read="It is a price and holds a premium: realised volatility has mostly come out lower. "
        "Its move says whether that premium is being repriced.",
    ),
    places=(
        Place(
            "vix",
            "Volatility index",
            _ALL,
            "market",
            ("vix", "vix_change", "vix_change_pct"),
            4,
            scale=INDEX.name,
        ),
    ),
)
REGIME = Tile(
    id="market_regime",
    mark=Mark.REGIME,
    help=Help(
        what="The state of the market at the last final close, by trend and volatility, with a "
        "band around each border so that it does not flicker.",
        sure="A rule on past prices. It has no skill of its own and claims none.",
        read="It names where the market has been. It does not say where it goes.",
    ),
    places=(Place("regime", "Market regime", _ALL, "market", ("regime", "trend"), 3),),
)

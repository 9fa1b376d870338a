"""`aegis run` but for training and publishing: `python -m aegis_assets_tests.cli.unserved run`."""

from pathlib import Path

import dagster as dg

from aegis_assets.cli.stages import Platform
from aegis_assets.cli.turns import turn
from aegis_assets.definitions import graph
from aegis_assets.defs.world import world
from aegis_assets.settings import settings

_WITHOUT = {"training", "publish"}


def main() -> None:
    here = world(settings())
    with dg.DagsterInstance.from_config(".") as instance, turn(Path.cwd(), instance):
        platform = Platform(here, graph(here), instance)
        for stage in platform.due():
            if stage.keys and stage.title not in _WITHOUT:
                platform.run(stage, lambda _: None)


if __name__ == "__main__":
    main()

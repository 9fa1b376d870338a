"""The `aegis` command: the same graph, for people who are not in the Dagster UI."""

from aegis_assets.cli.app import app

__all__ = ["app"]

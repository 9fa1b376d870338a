"""What Dagster sees: thin assets, checks, partitions and storage over the core."""

import warnings

import dagster as dg

# Single-run backfills and mappings to partitions that do not exist yet are beta in Dagster 1.13;
# tests hold them to what is needed of them, so a change would be noticed there.
warnings.filterwarnings("ignore", category=dg.BetaWarning)

"""The pure core: values in, values out; no Dagster, disk, network, clock or environment."""

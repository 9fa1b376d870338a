"""The graph of the environment's settings with its pipeline, for runs that look jobs up in it."""

import dagster as dg

from aegis_assets.definitions import graph
from aegis_assets.defs.pipeline import PIPELINE, full_pipeline
from aegis_assets.defs.world import world
from aegis_assets.settings import settings


@dg.definitions
def defs() -> dg.Definitions:
    """Both."""
    here = world(settings())
    made = graph(here)
    if any(job.name == PIPELINE for job in made.jobs or ()):
        return made
    return dg.Definitions.merge(made, dg.Definitions(jobs=[full_pipeline(here)]))

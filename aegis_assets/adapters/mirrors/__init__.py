"""Where the published files go besides their folder: git clones and URLs."""

from aegis_assets.adapters.mirrors.mirror import Failure, Mirror, Mirrored, mirrored
from aegis_assets.adapters.mirrors.places import mirrors

__all__ = ["Failure", "Mirror", "Mirrored", "mirrored", "mirrors"]

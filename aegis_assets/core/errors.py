"""The errors of Aegis: what was found, what was expected, what to do.

::

    AegisError
    ├── SettingsError         a setting is missing, malformed or contradicts another
    ├── DataError             rows break the contract of their stage
    │   └── FeatureError      missing, renamed, extra or non-finite feature columns
    ├── NotEnoughDataError    fewer rows than the protocol needs for an honest answer
    ├── TrainingError         a fit gave something that must not be saved
    ├── ArtifactError         a stored model is absent, torn, altered or from other code
    └── StorageError          the disk or the warehouse refused
        ├── WarehouseError
        └── PublishError
"""


class AegisError(Exception):
    """Base of every error that Aegis raises on purpose."""


class SettingsError(AegisError):
    """A setting is missing, malformed or contradicts another."""


class DataError(AegisError):
    """Rows break the contract of their stage."""


class FeatureError(DataError):
    """Feature columns are missing, renamed, extra or not finite."""


class NotEnoughDataError(AegisError):
    """Fewer rows than the protocol needs for an honest answer."""


class TrainingError(AegisError):
    """A fit gave something that must not be saved."""


class ArtifactError(AegisError):
    """A stored model is absent, torn, altered or from other code."""


class StorageError(AegisError):
    """The disk refused."""


class WarehouseError(StorageError):
    """The warehouse refused; what it held before is still there."""


class PublishError(StorageError):
    """The payload could not be published; the one before is still there."""

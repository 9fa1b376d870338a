"""The errors of Aegis: what was found, what was expected, what to do.

::

    AegisError
    ├── SettingsError         a setting is missing, malformed or contradicts another
    ├── DataError             rows break the contract of their stage
    │   └── FeatureError      missing, renamed, extra or non-finite feature columns
    ├── SourceError           a supplier of quotes gave no answer that may be used
    │   ├── TransportError        nothing came back, or the host is ill or refuses
    │   ├── RateLimitError        too many requests, after every wait
    │   ├── CoolingDownError      the request gate is closed: no request was made
    │   └── AnswerError           an answer came and must not be believed; has a reason code
    │       ├── ShapeError            its structure is not understood
    │       └── ContentError          understood, and false
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


class SourceError(AegisError):
    """A supplier of quotes gave no answer that may be used."""


class TransportError(SourceError):
    """Nothing came back, or the host is ill or refuses; another client would meet the same."""


class RateLimitError(SourceError):
    """The host said too many requests, after every wait; it must be left alone."""


class CoolingDownError(SourceError):
    """The request gate is closed after refusals: no request was made."""


class AnswerError(SourceError):
    """An answer came and must not be believed; `code` names the fault in logs and tables."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class ShapeError(AnswerError):
    """The structure of the answer is not understood; another reader may understand it."""


class ContentError(AnswerError):
    """The answer is understood and false: no reader may use it."""


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

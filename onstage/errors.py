"""Every error the library raises on purpose."""


class OnstageError(Exception):
    """Root of the family: catch this to catch all of ours and nothing else's."""


class ConfigError(OnstageError, ValueError):
    """A configuration file or a setting cannot be used."""


class SourceError(OnstageError, ValueError):
    """A source file or query does not give what its configuration says."""


class UnreachableError(SourceError, ConnectionError):
    """A database that a source needs does not answer: it may, if asked again."""


class ContractError(OnstageError, ValueError):
    """A table does not have the shape its contract promises."""


class ValidationError(ContractError):
    """A batch of data failed its expectation suite, so nothing may be trained on it."""


class SplitError(OnstageError, ValueError):
    """A split was asked for that the interactions cannot give."""


class LeakError(SplitError):
    """A model knows what it is asked, or its candidates give the answer away."""


class StoreError(OnstageError, OSError):
    """The artefact store cannot be read or written."""


class NotFittedError(OnstageError, RuntimeError):
    """A recommender was used before it was fitted."""

    def __init__(self, model: str) -> None:
        super().__init__(f"{model} is not fitted: call fit() first")
        self.model = model


class FitError(OnstageError, ArithmeticError):
    """A recommender could not be learned: its numbers stopped being finite."""


class CapabilityError(OnstageError, NotImplementedError):
    """A recommender was asked for something its algorithm cannot do."""


class NotFoundError(OnstageError, LookupError):
    """A user, an item or a title that nobody knows, or that could be several."""


class TrackingError(OnstageError, ConnectionError):
    """The tracking server or the registry cannot be reached or refuses."""


class StaleError(OnstageError, RuntimeError):
    """What a decision rested on has changed since: decide again."""


class LostError(OnstageError, ConnectionError):
    """A process of a cluster ended in the middle of what it was given."""


class OrchestrationError(OnstageError, ConnectionError):
    """The Prefect server cannot be reached."""

"""Every error the library raises on purpose."""


class OnstageError(Exception):
    """Root of the family: catch this to catch all of ours and nothing else's.

    Remedy: read the message: it has the value, the rule and the remedy in one line.
    """


class ConfigError(OnstageError, ValueError):
    """A configuration file or a setting cannot be used.

    Remedy: correct the key or the variable that the message names; `onstage schema` lists all keys.
    """


class SourceError(OnstageError, ValueError):
    """A source file or query does not give what its configuration says.

    Remedy: correct `data` in the configuration, or the file; the message has file, line and column.
    """


class UnreachableError(SourceError, ConnectionError):
    """A database that a source needs does not answer: it may, if asked again.

    Remedy: see that the database runs and may be reached, then give the command again; three
    tries were made.
    """


class ContractError(OnstageError, ValueError):
    """A table does not have the shape its contract promises.

    Remedy: give the table the columns and kinds that it must have; docs/tables.md lists them.
    """


class ValidationError(ContractError):
    """A batch of data failed its expectation suite, so nothing may be trained on it.

    Remedy: look at the validation page and the quarantine; correct the log, or say in `validation`
    what is tolerated. What was accepted before stays accepted.
    """


class SplitError(OnstageError, ValueError):
    """A split was asked for that the interactions cannot give.

    Remedy: give a longer log, shorter parts (`part_steps`, `test_share`), or another protocol.
    """


class LeakError(SplitError):
    """A model knows what it is asked, or its candidates give the answer away.

    Remedy: fit on the training part only; where a row makes its own item live, use track C.
    """


class StoreError(OnstageError, OSError):
    """The artefact store cannot be read or written.

    Remedy: free space or permissions of ONSTAGE_HOME, then give the command again: nothing
    half-written was published.
    """


class NotFittedError(OnstageError, RuntimeError):
    """A recommender was used before it was fitted.

    Remedy: call `fit` first, or load a model that was fitted.
    """

    def __init__(self, model: str) -> None:
        super().__init__(f"{model} is not fitted: call fit() first")
        self.model = model


class FitError(OnstageError, ArithmeticError):
    """A recommender could not be learned: its numbers stopped being finite.

    Remedy: smaller steps, more regularization, or fewer factors; a sweep counts such a trial as
    failed and goes on.
    """


class CapabilityError(OnstageError, NotImplementedError):
    """A recommender was asked for something its algorithm cannot do.

    Remedy: choose an algorithm that can; the message names some.
    """


class NotFoundError(OnstageError, LookupError):
    """A user, an item or a title that nobody knows, or that could be several.

    Remedy: look at the identifier or title; the nearest ones are listed.
    """


class TrackingError(OnstageError, ConnectionError):
    """The tracking server or the registry cannot be reached or refuses.

    Remedy: see that the server of `tracking_uri` answers, then give the command again: finished
    trials and steps are kept.
    """


class StaleError(OnstageError, RuntimeError):
    """What a decision rested on has changed since: decide again.

    Remedy: give the command again; `onstage promote` decides anew by itself.
    """


class LostError(OnstageError, ConnectionError):
    """A process of a cluster ended in the middle of what it was given.

    Remedy: nothing, once: what it had is given to another. If it comes back, look at that
    process's memory and logs.
    """


class OrchestrationError(OnstageError, ConnectionError):
    """The Prefect server, a service of the stack, or a runner's cluster is not to be had.

    Remedy: see that the server of PREFECT_API_URL answers, or unset it: a temporary one is
    started then. A service of the stack: the message names its log. A cluster: see that
    `runner.address` answers and its workers are as the message wants them.
    """

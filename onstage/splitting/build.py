"""From a protocol's configuration to its two exams."""

from typing import assert_never

from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.errors import SplitError
from onstage.splitting.holdout import Holdouts
from onstage.splitting.live import live_cut, live_holdouts
from onstage.splitting.masked import masked_holdouts
from onstage.splitting.protocol import (
    LiveProtocol,
    MaskedProtocol,
    Protocol,
    TemporalProtocol,
)
from onstage.splitting.temporal import temporal_cut, temporal_holdouts


__all__ = ["Holdouts", "cut_of", "holdouts"]


def holdouts(protocol: Protocol, dataset: Dataset, availability: AvailabilityIndex) -> Holdouts:
    """Cut `dataset` into what is known and what is asked, for validation and for test.

    Parameters
    ----------
    protocol
        How to cut.
    dataset
        The whole log. Not modified; the parts share its vocabulary.
    availability
        What can be recommended when, over the same vocabulary.

    Raises
    ------
    SplitError
        If a part has nothing on one side.
    """
    match protocol:
        case TemporalProtocol():
            return temporal_holdouts(protocol, dataset, availability)
        case LiveProtocol():
            return live_holdouts(protocol, dataset, availability)
        case MaskedProtocol():
            return masked_holdouts(protocol, dataset)
        case _:
            assert_never(protocol)


def cut_of(protocol: Protocol, dataset: Dataset) -> int:
    """First tick of the test part: nothing that a model is asked happened before it.

    Raises
    ------
    SplitError
        If the protocol is a random split, or the log is too short for its test part.
    """
    match protocol:
        case TemporalProtocol():
            return temporal_cut(protocol, dataset)
        case LiveProtocol():
            return live_cut(protocol, dataset)
        case MaskedProtocol():
            message = (
                "masked: a random split has no instant at which the test part begins; put a "
                "temporal or live protocol first in protocols"
            )
            raise SplitError(message)
        case _:
            assert_never(protocol)

"""A self-attentive next-item model whose live candidates see each other."""

from onstage.models.sequence.config import LiverecConfig
from onstage.models.sequence.model import SequenceModel


class Liverec(SequenceModel[LiverecConfig]):
    """SASRec, and self-attention over the best live candidates before they are scored.

    A candidate's score depends on who else is a candidate.

    References
    ----------
    Rappaz, McAuley, Aberer, "Recommendation on Live-Streaming Platforms: Dynamic Availability and
    Repeat Consumption", RecSys 2021. ``docs/sequences.md`` lists what differs by default.
    """

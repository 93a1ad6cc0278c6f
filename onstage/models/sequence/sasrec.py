"""A self-attentive next-item model."""

from onstage.models.sequence.config import SasrecConfig
from onstage.models.sequence.model import SequenceModel


class Sasrec(SequenceModel[SasrecConfig]):
    """Causal self-attention blocks over item and position vectors.

    With ``interval: none`` and ``counts: false`` it is the published model; by default a
    candidate also knows when and how often it was watched within the window.

    References
    ----------
    Kang, McAuley, "Self-Attentive Sequential Recommendation", ICDM 2018.
    """

"""A recurrent next-item model."""

from onstage.models.sequence.config import LstmConfig
from onstage.models.sequence.model import SequenceModel


class Lstm(SequenceModel[LstmConfig]):
    """One LSTM layer over the item vectors; its output, projected, is the state.

    References
    ----------
    Hochreiter, Schmidhuber, "Long Short-Term Memory", Neural Computation 1997; as a recommender,
    Hidasi et al., "Session-based Recommendations with Recurrent Neural Networks", ICLR 2016.
    """

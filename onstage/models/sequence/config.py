"""Hyperparameters of the sequence models."""

from typing import Annotated, Literal, Self

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from onstage.models.config import RecommenderConfig


class SequenceConfig(RecommenderConfig):
    """What all sequence models share: what they read, what they learn from, and how long."""

    dimensions: PositiveInt = 64
    """Length of an item's vector and of the state of a sequence."""
    window: PositiveInt = 32
    """Newest rows of a user that are read; older ones are left out, fewer are padded left."""
    prefixes: Literal["all", "last"] = "all"
    """Targets of the training: ``all`` rows but each user's first, or only the ``last`` `window`
    of each user, as the released LiveRec does."""
    spread: PositiveFloat = 0.1
    """Standard deviation of item, interval and count vectors before training."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """Share of activations dropped in training, rounded to 1/256."""
    interval: Literal["none", "oldest", "last"] = "last"
    """A candidate within the window gets a vector of the time since it was watched: its ``last``
    or, as the released LiveRec takes it, its ``oldest`` occurrence."""
    counts: bool = True
    """A candidate within the window gets a vector of how often it stands there."""
    loss: Literal["bce", "sampled", "full"] = "full"
    """``bce``: binary cross-entropy of the positive and `negatives` live ones; ``sampled``:
    cross-entropy among these; ``full``: cross-entropy among all that was live."""
    negatives: PositiveInt = 1
    """Live negatives drawn for each positive; not used by the loss ``full``."""
    epochs: PositiveInt = 8
    """Passes over all training windows; with `patience`, at most."""
    batch: PositiveInt = 50
    """Windows in one step."""
    learning_rate: PositiveFloat = 0.005
    """Step of Adam. The loss is a sum over the batch, which Adam does not feel."""
    weight_decay: NonNegativeFloat = 0.0
    """L2 penalty, added to the gradient of that sum as Adam does; its strength therefore depends
    on the batch."""
    lazy: bool = False
    """Update only the item vectors that a batch touches: for large catalogues. Their moments and
    penalty then stand still in between."""
    patience: NonNegativeInt = 0
    """Epochs without a better NDCG@10 on the newest part of the training rows before the number of
    epochs is settled; then everything is learned again from all rows for as long. 0: off."""
    validation_share: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """With `patience`: newest share of the training rows that decides the number of epochs."""


class LstmConfig(SequenceConfig):
    """Configuration of :class:`onstage.models.sequence.lstm.Lstm`."""

    algorithm: Literal["lstm"] = "lstm"


class _Attentive(SequenceConfig):
    blocks: PositiveInt = 2
    """Self-attention blocks over the sequence."""
    heads: PositiveInt = 4
    """Attention heads; `dimensions` must be a multiple."""

    @model_validator(mode="after")
    def _heads_share_the_dimensions(self) -> Self:
        if self.dimensions % self.heads:
            message = f"dimensions {self.dimensions} is no multiple of heads {self.heads}"
            raise ValueError(message)
        return self


class SasrecConfig(_Attentive):
    """Configuration of :class:`onstage.models.sequence.sasrec.Sasrec`."""

    algorithm: Literal["sasrec"] = "sasrec"


class LiverecConfig(_Attentive):
    """Configuration of :class:`onstage.models.sequence.liverec.Liverec`."""

    algorithm: Literal["liverec"] = "liverec"
    context_blocks: PositiveInt = 2
    """Self-attention blocks over the live candidates."""
    top: PositiveInt = 64
    """Candidates that see each other: those with the largest score before the context."""
    zeros: bool = False
    """Fill every live set up to the largest one with zero vectors, as the released LiveRec does:
    they take places among the `top`, are attended to, and whatever finds no place scores 0."""

    @classmethod
    def released(cls) -> Self:
        """The released defaults (Rappaz, McAuley, Aberer, RecSys 2021), 60 epochs."""
        return cls(
            window=16,
            spread=1.0,
            prefixes="last",
            interval="oldest",
            counts=False,
            loss="bce",
            batch=100,
            learning_rate=0.0005,
            weight_decay=0.1,
            epochs=60,
            zeros=True,
        )

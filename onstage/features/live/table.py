"""All features of every pair, by one path for training, evaluation and serving."""

from functools import cached_property

from onstage.features.live.asked import Asked
from onstage.features.live.choices import choice_features
from onstage.features.live.crowd import CrowdPast, crowd_features
from onstage.features.live.own import Columns, Own, OwnPast, own_features
from onstage.features.live.past import Past
from onstage.features.live.viewer import ViewerPast, viewer_features


class LivePast:
    """The past, and every sum over it that a feature needs, each made when first asked for.

    Parameters
    ----------
    past
        May hold rows later than a request: a request at ``t`` only ever sees rows with
        ``time < t``.
    """

    def __init__(self, past: Past) -> None:
        self.past = past

    @cached_property
    def own(self) -> OwnPast:
        """Of each user and item."""
        return OwnPast(self.past)

    @cached_property
    def crowd(self) -> CrowdPast:
        """Of each item."""
        return CrowdPast(self.past)

    @cached_property
    def viewer(self) -> ViewerPast:
        """Of each user."""
        return ViewerPast(self.past)

    def features(self, asked: Asked) -> Columns:
        """Every feature of every pair: name to float32, shape (n_pairs,).

        Names that begin with ``own_`` speak of the user and the item, with ``all_`` of everybody
        but the user and the item, with ``new_`` of first visits, with ``user_`` of the user.
        ``docs/ranker.md`` says what each one is. ``nan`` is a quantity that does not exist, such as
        the time since a visit that never was.
        """
        found = Own.of(asked, self.own)
        return {
            **own_features(asked, self.own, found),
            **choice_features(asked, self.past, found),
            **crowd_features(asked, self.crowd, self.own, found),
            **viewer_features(asked, self.viewer),
        }

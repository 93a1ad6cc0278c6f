"""Where the champion comes from."""

from dataclasses import dataclass
from typing import Protocol

from onstage.data.titles import Titles
from onstage.serving.bundle import Bundle


@dataclass(frozen=True)
class Loaded:
    """A champion in memory."""

    version: str
    bundle: Bundle
    titles: Titles


class Source(Protocol):
    """A registry, asked again and again."""

    @property
    def name(self) -> str:
        """The registered model."""

    def version(self) -> str | None:
        """The champion's version now; None while there is none."""

    def load(self, version: str) -> Loaded:
        """Load a version."""

"""What a retrain is told before it starts."""

from dataclasses import dataclass


FILLER = "filler"
"""File in the home that takes all the room there is."""


@dataclass(frozen=True)
class Order:
    """One retrain.

    Attributes
    ----------
    home
        Its ``ONSTAGE_HOME``. The moments it passes are appended to the file ``trace`` there.
    log
        File for what it prints.
    point
        Moment at which it dies, e.g. ``sweep#2:middle``; none by default.
    seconds
        When the middle of a step comes.
    full
        Moment at which the disk of the home is full; never by default.
    kept, keep
        Folder for copies of the home, and the moments at which one is made.
    """

    home: str = ""
    log: str = ""
    point: str = "-"
    seconds: float = 0.0
    full: str = "-"
    kept: str = ""
    keep: tuple[str, ...] = ()

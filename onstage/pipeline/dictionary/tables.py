"""Every table there is, and which one a file is."""

from typing import Final

from onstage.pipeline.dictionary.artefacts import ARTEFACTS
from onstage.pipeline.dictionary.canonical import CANONICAL
from onstage.pipeline.dictionary.described import Described


DICTIONARY: Final = (*CANONICAL, *ARTEFACTS)


def described(path: str) -> Described | None:
    """What the file at `path`, relative to the home folder, is; None for what is no table."""
    return next((one for one in DICTIONARY if one.holds(path)), None)

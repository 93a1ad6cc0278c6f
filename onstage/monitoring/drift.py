"""Both kinds of drift together: what is said of one log."""

from pydantic import BaseModel, ConfigDict

from onstage.monitoring.arriving import Arriving
from onstage.monitoring.standing import Standing


class Drift(BaseModel):
    """What has changed, if anything."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    arriving: Arriving
    """What arrived in the newest period."""
    champion: Standing | None = None
    """What the champion's recipe reached; None before the first champion."""

    @property
    def drifted(self) -> bool:
        """Whether anything did."""
        return bool(self.reasons)

    @property
    def reasons(self) -> tuple[str, ...]:
        """What drifted, one line each."""
        found = [one.sentence for one in self.arriving.drifted]
        if self.champion is not None and self.champion.drifted:
            found.append(self.champion.sentence)
        return tuple(found)

    @property
    def sentence(self) -> str:
        """On one line, with the numbers of what drifted."""
        new, judged = self.arriving, sum(one.judged for one in self.arriving.findings)
        if new.why_not:
            said = f"input not judged: {new.why_not}"
        elif new.drifted:
            said = f"{len(new.drifted)} of {judged} statistics of the input drifted from "
            said += f"{new.starts} to {new.ends}: {'; '.join(o.sentence for o in new.drifted)}"
        else:
            said = f"input as before ({judged} statistics, from {new.starts} to {new.ends})"
        if self.champion is not None:
            mark = "dropped: " if self.champion.drifted else ""
            said += f"; {mark}{self.champion.sentence}"
        return f"{'drift' if self.drifted else 'no drift'}: {said}"

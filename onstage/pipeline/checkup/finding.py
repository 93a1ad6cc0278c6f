"""One thing that was looked at, and a look that cannot hang."""

import threading
from collections.abc import Callable, Iterable
from contextvars import copy_context
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from onstage.errors import OnstageError


State = Literal["ok", "warning", "failed"]


class Finding(BaseModel):
    """What was found, what it should be, and what to do about it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str
    """What was looked at."""
    state: State
    """``warning``: work goes on, but something is not as it should be."""
    value: str
    """What it is; never a password."""
    rule: str = ""
    """What it should be."""
    remedy: str = ""
    """What to do; empty where nothing is to be done."""

    @classmethod
    def ok(cls, name: str, value: str, rule: str = "") -> Self:
        """A thing in order."""
        return cls(name=name, state="ok", value=value, rule=rule)

    @classmethod
    def warning(cls, name: str, value: str, rule: str, remedy: str) -> Self:
        """A thing that work can go on with."""
        return cls(name=name, state="warning", value=value, rule=rule, remedy=remedy)

    @classmethod
    def failed(cls, name: str, value: str, rule: str, remedy: str) -> Self:
        """A thing that work cannot go on with."""
        return cls(name=name, state="failed", value=value, rule=rule, remedy=remedy)

    @property
    def line(self) -> str:
        """The finding on one line."""
        rule = f" ({self.rule})" if self.rule else ""
        remedy = f": {self.remedy}" if self.remedy else ""
        return " ".join(f"{self.state:<8} {self.name:<19} {self.value}{rule}{remedy}".split("\n"))


def looked(
    name: str, look: Callable[[], Iterable[Finding]], seconds: float = 10.0
) -> list[Finding]:
    """What `look` finds; a finding of its own where it raises one of our errors or takes too long.

    Parameters
    ----------
    name
        What is looked at, should it not answer.
    seconds
        After these it is given up. Its thread dies with the process.
    """
    found: list[Finding] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            found.extend(look())
        except OnstageError as error:
            found.append(Finding(name=name, state="failed", value=str(error)))
        except BaseException as error:  # noqa: BLE001  # raised again in the thread that asked
            raised.append(error)

    thread = threading.Thread(target=copy_context().run, args=(work,), daemon=True)
    thread.start()
    thread.join(seconds)
    if raised:
        raise raised[0]
    if thread.is_alive():
        rule, remedy = f"an answer within {seconds:g} s", "see that it is up and reachable"
        return [*found, Finding.failed(name, "no answer", rule, remedy)]
    return found

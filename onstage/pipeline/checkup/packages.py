"""Python and the packages that we require, against the ranges that were tested."""

import platform
from importlib.metadata import PackageNotFoundError, metadata, requires, version

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from onstage.pipeline.checkup.finding import Finding


SHOWN = ("fastapi", "great-expectations", "mlflow", "numpy", "optuna", "prefect", "sqlalchemy")
"""Packages that have a line of their own: outside their range something breaks quietly."""
REMEDY = "pip install --constraint constraints.txt --editable ."


def packages() -> list[Finding]:
    """Python, the packages that matter most one by one, and all others together."""
    needed = [Requirement(text) for text in requires("onstage") or []]
    ours = [one for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
    found = [_package(one) for one in ours]
    rest = [one for one in found if one.name not in SHOWN and one.state == "ok"]
    special = [one for one in found if one not in rest]
    total = Finding.ok("other packages", f"{len(rest)} in range")
    return [_python(), *special, total]


def _python() -> Finding:
    wanted = str(metadata("onstage")["Requires-Python"])
    mine = platform.python_version()
    if SpecifierSet(wanted).contains(mine, prereleases=True):
        return Finding.ok("python", mine, wanted)
    return Finding.failed("python", mine, wanted, "make the environment with another Python")


def _package(wanted: Requirement) -> Finding:
    name, rule = wanted.name.lower(), str(wanted.specifier)
    try:
        mine = version(name)
    except PackageNotFoundError:
        return Finding.failed(name, "not installed", rule, REMEDY)
    if wanted.specifier.contains(mine, prereleases=True):
        return Finding.ok(name, mine, rule)
    return Finding.failed(name, mine, rule, REMEDY)

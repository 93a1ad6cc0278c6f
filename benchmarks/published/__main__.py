"""Published numbers beside ours, where the data are here.

Run: ``python -m benchmarks.published --data FOLDER``. FOLDER has ``ml-100k.zip``, ``ml-1m.zip`` and
``ml-20m.zip`` as GroupLens offers them (their checksums are compared), or the folders that they
unpack to. What is not there is named and left out. ``--only ratings-100k …`` runs some; the whole
takes minutes on ml-100k and hours on the others.
"""

import argparse
from pathlib import Path

from benchmarks.figure import Figure, arguments_of, tell
from benchmarks.published.claim import CLAIMS, Claim, Verdict
from benchmarks.published.experiments import EXPERIMENTS, Found
from benchmarks.published.movielens import read
from onstage.settings import load_settings


def main() -> None:
    asked = parsed()
    verdicts: list[Verdict] = []
    for claim in CLAIMS:
        if asked.only and claim.name not in asked.only:
            continue
        if asked.models and claim.model not in asked.models:
            continue
        found = measured(claim, asked)
        verdicts += [Verdict(claim, key, None if found is None else found[key]) for key in
                     claim.figures]  # fmt: skip
    print(table(verdicts))
    figures = [
        Figure(f"{one.claim.name}, {one.claim.model}: {one.key} over published", "x",
               (one.found / one.published,), 1 + one.claim.tolerance, 1 - one.claim.tolerance)
        for one in verdicts
        if one.found is not None
    ]  # fmt: skip
    absent = sorted({EXPERIMENTS[one.claim.name].data for one in verdicts if one.found is None})
    left_out = f"; not here, so not verified: {', '.join(absent)}" if absent else ""
    tell(f"published figures{left_out}", figures, asked.output)


def measured(claim: Claim, asked: argparse.Namespace) -> Found | None:
    """Our values, or None without the data."""
    experiment = EXPERIMENTS[claim.name]
    places = (asked.data / f"{experiment.data}.zip", asked.data / experiment.data)
    here = next((place for place in places if place.exists()), None)
    if here is None:
        return None
    return experiment.run(read(experiment.data, here), experiment.models[claim.model], asked.seed)


def table(verdicts: list[Verdict]) -> str:
    """Markdown."""
    lines = ["| experiment | model | metric | published | ours | verdict |",
             "| :-- | :-- | :-- | --: | --: | :-- |"]  # fmt: skip
    for one in verdicts:
        ours = "" if one.found is None else f"{one.found:.3f}"
        about = f"{one.claim.name} | {one.claim.model} | {one.key} | {one.published:.3f}"
        lines.append(f"| {about} | {ours} | {one.word} |")
    return "\n".join(lines)


def parsed() -> argparse.Namespace:
    parser = arguments_of(__doc__)
    parser.add_argument("--data", type=Path, default=load_settings().data)
    parser.add_argument("--only", nargs="+", choices=sorted(EXPERIMENTS))
    parser.add_argument("--models", nargs="+", help="of the experiments, some")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()

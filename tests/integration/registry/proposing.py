"""What could become a version, with as little in it as MLflow wants."""

from pathlib import Path

from onstage.registry.proposals import Proposal


def proposal(folder: Path, factors: int = 64, data: str = "monday", learned: str = "w") -> Proposal:
    """An MLflow model folder with the least that MLflow wants, and one learned file."""
    bundle = folder / "artifacts" / "bundle"
    bundle.mkdir(parents=True, exist_ok=True)
    (folder / "MLmodel").write_text("flavors: {python_function: {loader_module: onstage}}\n")
    (bundle / "weights").write_text(learned)
    config = {"algorithm": "als", "factors": factors}
    return Proposal("als", config, data, folder, metrics={"ndcg_at_10": 0.7})

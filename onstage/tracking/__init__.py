"""Runs, their numbers and their files: MLflow by explicit run ids, never an ambient active run."""

from onstage.tracking.tracker import Tracker


__all__ = ["Tracker"]

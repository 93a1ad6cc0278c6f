"""Ranking metrics from the ranks of relevant items: one file per family, conventions declared."""

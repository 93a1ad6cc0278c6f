"""Tuning of ratings models: folds as the objective, pruned fold by fold."""

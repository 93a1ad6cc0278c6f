"""Metrics with declared conventions, one file per family."""

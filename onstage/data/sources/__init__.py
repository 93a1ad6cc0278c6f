"""Readers of raw logs, one file per format or preset."""

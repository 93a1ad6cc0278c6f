"""Recommenders: one interface, one file per algorithm."""

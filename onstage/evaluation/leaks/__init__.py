"""Leak lint: ways in which a model could know what it is asked, each looked for by one check."""

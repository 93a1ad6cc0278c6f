"""Runs made again: what a run was made of, and whether a repetition says the same."""

"""Clusters that tasks can run on, one file each."""

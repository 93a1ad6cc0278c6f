"""Ratings models as steps: compared, tuned, checked, and asked."""

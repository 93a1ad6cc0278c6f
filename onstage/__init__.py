"""Recommendation for platforms where what can be recommended changes by the minute."""

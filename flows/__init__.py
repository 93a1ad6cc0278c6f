"""The order of events: one flow per file.

Parameters are described in the style that Prefect reads for its forms (a section ``Args:``).
"""

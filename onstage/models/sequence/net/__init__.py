"""What needs torch: imported only after :func:`onstage.models.sequence.engine.need_torch`."""

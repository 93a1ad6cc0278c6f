"""Next-item models of a user's sequence, learned with PyTorch (the extra ``deep``).

Whatever stands in ``net`` imports torch at its top and is imported inside functions only, so that
everything else works without torch.
"""

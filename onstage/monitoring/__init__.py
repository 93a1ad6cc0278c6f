"""Whether what arrives, and what the champion reaches, is still what it used to be."""

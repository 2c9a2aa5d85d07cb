"""Rongmei (融媒): an open converged-media cloud on the 1+4 model."""

__version__ = "0.1.0"

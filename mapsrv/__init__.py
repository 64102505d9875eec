"""A live map that people and language models share."""

__version__ = "0.1.0"

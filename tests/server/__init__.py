"""The composition root: what it opens, and where it takes it from."""

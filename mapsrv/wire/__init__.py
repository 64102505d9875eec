"""Bytes to values and back, sans-IO: strict in, exact out."""

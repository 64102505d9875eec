"""Attacks, and what is merely wrong: each is refused, and nobody else notices."""

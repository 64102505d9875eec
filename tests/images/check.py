"""What is as it should be, and what is not, a line each."""

from __future__ import annotations


def check(what: str, true: bool) -> None:
    """Say whether something is as it should be; what is not ends the run with 1."""
    print(f"{'ok' if true else 'WRONG'}: {what}", flush=True)
    if not true:
        raise SystemExit(1)

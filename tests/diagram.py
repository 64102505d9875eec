"""The diagram of how a session stands, drawn from the table: `python -m tests.diagram` prints it."""

from __future__ import annotations

from mapsrv.hub.standing import TRANSITIONS, Standing


def standing() -> str:
    """Return it as Mermaid has it; signs that change nothing are left out."""
    lines = ["stateDiagram-v2", f"    [*] --> {Standing.IN_STEP.name}"]
    lines += [f"    {one.name}: {one.value}" for one in Standing]
    for one, signs in TRANSITIONS.items():
        lines += [
            f"    {one.name} --> {then.name}: {sign.value}" for sign, then in signs.items() if then is not one
        ]
    lines.append(f"    {Standing.GONE.name} --> [*]")
    return "\n".join(lines)


if __name__ == "__main__":
    print(standing())

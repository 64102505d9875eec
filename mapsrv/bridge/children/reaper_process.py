"""Outlives a bridge that is killed, and ends what it leaves: each process group that it was told of.

Run as `python -I -S reaper_process.py`. It reads `+GROUP` and `-GROUP`, a line each, until its stdin ends,
which is when the bridge has. PR_SET_PDEATHSIG covers the children alone, and not what they started.
"""

import os
import signal
import sys


def main() -> None:
    """Return when the bridge has ended and nothing of it is left."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # those are for the bridge, which may need some time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin.buffer:
        group = int(line)
        if group > 0:
            groups.add(group)
        else:
            groups.discard(-group)
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except OSError:
            pass  # it is gone already


if __name__ == "__main__":
    main()

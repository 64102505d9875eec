"""Becomes the child's program, in a process that dies with the bridge and keeps its bounds.

Run as `python -I -S launch.py PARENT LIMITS COMMAND...`, LIMITS as JSON ({"AS": bytes, ...}). It imports
little, since each child waits for it. What cannot be done is one sentence on stderr and exit code 127.
"""

import ctypes
import json
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h
NOT_STARTED = 127  # as a shell says it


def main() -> None:
    """Never returns."""
    parent, limits, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(parent):  # it died before it could be told of
            sys.exit(NOT_STARTED)
    try:
        for name, value in json.loads(limits).items():
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
        os.execvpe(command[0], command, os.environ)
    except (OSError, ValueError) as error:
        print(f"{command[0]} cannot be started: {error}", file=sys.stderr)
        sys.exit(NOT_STARTED)


if __name__ == "__main__":
    main()

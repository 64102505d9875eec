"""The command by which a host on this machine starts `mapsrv stdio` for the server that this process is."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from mapsrv.config import Config, parse

IMAGE = "MAPSRV_IMAGE"  # set by our Dockerfile alone: in other containers people have a shell, and paths


def in_image() -> bool:
    """Return whether no host can start anything here, as paths of in here are none out there."""
    return bool(os.environ.get(IMAGE))


def own_command(config: Config) -> list[str]:
    """Return the command that runs `mapsrv stdio` for this server, with full paths: hosts have no PATH."""
    program = Path(sys.argv[0])
    beside = Path(sys.executable).with_name("mapsrv")
    if program.stem == "mapsrv" and (found := shutil.which(str(program))):
        command = [str(Path(found).absolute())]
    else:
        command = [str(beside)] if beside.is_file() else [sys.executable, "-m", "mapsrv"]
    folder = config.data_dir.absolute()
    default = parse([], {}).data_dir.absolute()
    return [*command, "stdio", *([] if folder == default else ["--data-dir", str(folder)])]

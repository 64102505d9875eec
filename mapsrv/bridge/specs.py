"""One server to serve, and what its children are started with: a command that is there, a clean environment.

A child gets what programs need to find their way on this machine, and no more: the bridge's own
environment may hold keys that are none of its business.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field

from mapsrv.bridge.children.command import Command
from mapsrv.bridge.settings import Limits, Mode
from mapsrv.errors import StartupError

# Those that the MCP SDK passes on (mcp.client.stdio), and what places a program: language, time,
# folders of its own, and the certificates without which it reaches nobody.
ALLOWED = frozenset("""HOME LOGNAME PATH SHELL TERM USER
    LANG LANGUAGE TZ TZDIR TMPDIR TMP TEMP
    SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS REQUESTS_CA_BUNDLE CURL_CA_BUNDLE""".split())
ALLOWED_BEGINNINGS = ("LC_", "XDG_")


@dataclass(frozen=True, slots=True)
class Spec:
    """One server. `env` is what it gets besides the allowed variables and those that `pass_env` names."""

    name: str
    command: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str | None = None
    mode: Mode = "per-session"
    allow: frozenset[str] | None = None  # tools; None allows all
    deny: frozenset[str] = frozenset()
    pass_env: tuple[str, ...] = ()
    limits: Limits = Limits()
    tell_stderr: bool = False  # its last line, when it has ended, to clients


def command_of(spec: Spec, environ: Mapping[str, str]) -> Command:
    """Return how a server's children are started. Raises StartupError where they cannot be."""
    env = {**_passed(spec, environ), **spec.env}
    cwd = None if spec.cwd is None else os.path.expanduser(spec.cwd)
    if cwd is not None and not os.path.isdir(cwd):
        raise StartupError(f"{spec.name}: there is no folder {cwd} for it to run in (cwd).")
    folder = cwd or os.getcwd()
    # As the child will find it: what is relative is so to the folder that it runs in.
    path = os.pathsep.join(
        os.path.join(folder, part) for part in env.get("PATH", os.defpath).split(os.pathsep)
    )
    looked_up = os.path.join(folder, spec.command) if "/" in spec.command else spec.command
    if shutil.which(looked_up, path=path) is None:
        where = "" if "/" in spec.command else " on its PATH"
        raise StartupError(f"{spec.name}: there is no program {spec.command!r}{where} that can be run.")
    return Command(spec.name, (spec.command, *spec.args), env, cwd, spec.limits.rlimits, spec.tell_stderr)


def _passed(spec: Spec, environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environ.items()
        if name in spec.pass_env
        # A shell's function is code: what nobody asked for by name does not pass.
        or ((name in ALLOWED or name.startswith(ALLOWED_BEGINNINGS)) and not value.startswith("()"))
    }

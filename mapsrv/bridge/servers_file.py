"""Which servers the bridge serves: the `mcpServers` JSON that MCP hosts use, checked key by key.

Beside `command`, `args`, `env` and `cwd` it takes what is the bridge's own: `mode`, `tools` (allow,
deny), `pass_env` and `limits`. Whatever is wrong is one sentence that names the server, the key and
what it may be.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mapsrv.asgi.origin_guard import Authority
from mapsrv.bridge.settings import BOUNDS, MODES, NAME, UNSAID, Defaults, Settings
from mapsrv.bridge.specs import Spec
from mapsrv.config.values import WrongValue
from mapsrv.errors import StartupError

KEYS = ("command", "args", "env", "cwd", "mode", "tools", "pass_env", "limits")
IGNORED = ("type", "disabled", "autoApprove", "alwaysAllow", "timeout", "description")  # hosts' own


def specs_of(settings: Settings) -> dict[str, Spec]:
    """Return the servers that a bridge was told of, by name. Raises StartupError."""
    told = replace(settings.defaults, tell_stderr=settings.defaults.tell_stderr or _is_for_here(settings))
    if settings.config is not None:
        return read_specs(settings.config, told)
    command, *args = settings.command
    name = settings.name or (Path(command).name if NAME.fullmatch(Path(command).name) else "server")
    spec = Spec(
        name,
        command,
        tuple(args),
        mode=told.mode,
        pass_env=told.pass_env,
        limits=told.limits,
        tell_stderr=told.tell_stderr,
    )
    return {name: spec}


def _is_for_here(settings: Settings) -> bool:
    """Return whether clients are on this machine: what a server says last may hold a password."""
    host = Authority.parse(f"[{settings.host}]" if ":" in settings.host else settings.host)
    return host is not None and host.is_loopback and settings.public_url is None


def read_specs(path: Path, defaults: Defaults = UNSAID) -> dict[str, Spec]:
    """Return the servers of a file, by name. Raises StartupError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StartupError(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}."
        ) from None
    try:
        value = json.loads(text, object_pairs_hook=_unique)
    except RecursionError:
        raise StartupError(f"{path} nests too deep to be read.") from None
    except ValueError as error:
        raise StartupError(f"{path} is not JSON: {error}.") from None
    servers = value.get("mcpServers") if isinstance(value, dict) else None
    if isinstance(servers, dict):
        servers = {name: given for name, given in servers.items() if not _disabled(given)}
    if not isinstance(servers, dict) or not servers:
        raise StartupError(
            f'{path} needs {{"mcpServers": {{"NAME": {{"command": "..."}}}}}} with at least one server.'
        )
    return {name: spec_of(name, given, defaults) for name, given in servers.items()}


def _disabled(given: Any) -> bool:
    return isinstance(given, dict) and given.get("disabled") is True


def spec_of(name: str, given: Any, defaults: Defaults = UNSAID) -> Spec:
    """Return one server as it was written. Raises StartupError."""
    read = _Reader(name, given)
    if not NAME.fullmatch(name):
        raise StartupError(
            f"The server's name {name[:80]!r} must be letters, digits, _ . and -, for an address."
        )
    read.check_keys(given, (*KEYS, *IGNORED), "")
    tools = read.table(given, "tools", ("allow", "deny"))
    limits = read.table(given, "limits", tuple(BOUNDS))
    allow = tools.get("allow")
    return Spec(
        name,
        read.text(given, "command"),
        tuple(read.texts(given, "args")),
        read.variables(given),
        read.text(given, "cwd") if "cwd" in given else None,
        read.word(given, "mode", MODES, defaults.mode),
        None if allow is None else frozenset(read.texts(tools, "allow", "tools.")),
        frozenset(read.texts(tools, "deny", "tools.")),
        (*defaults.pass_env, *read.texts(given, "pass_env")),
        replace(defaults.limits, **{key: read.bound(limits, key) for key in limits}),
        defaults.tell_stderr,
    )


class _Reader:
    def __init__(self, name: str, given: Any) -> None:
        self._name = name
        if not isinstance(given, dict):
            raise self.wrong("", 'must be an object, such as {"command": "npx"}')

    def wrong(self, key: str, why: str) -> StartupError:
        where = f"mcpServers.{self._name}" + (f".{key}" if key else "")
        return StartupError(f"{where} {why}.")

    def check_keys(self, given: Mapping[str, Any], known: Sequence[str], before: str) -> None:
        for key in given:
            if key not in known:
                raise self.wrong(f"{before}{key}", f"is not known; there are {', '.join(known)}")

    def text(self, given: Mapping[str, Any], key: str) -> str:
        value = given.get(key)
        if not isinstance(value, str) or not value or "\0" in value:
            raise self.wrong(key, f"must be a text, not {_shown(value)}")
        return value

    def texts(self, given: Mapping[str, Any], key: str, before: str = "") -> list[str]:
        value = given.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) and "\0" not in one for one in value):
            raise self.wrong(f"{before}{key}", f"must be a list of texts, not {_shown(value)}")
        return value

    def variables(self, given: Mapping[str, Any]) -> dict[str, str]:
        value = given.get("env", {})
        if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
            raise self.wrong("env", "must be an object of texts")  # not shown: it may hold secrets
        for name, one in value.items():
            if not name or "=" in name or "\0" in name + one:
                raise self.wrong(f"env.{name[:80]}", "is not a name and a value that a variable can have")
        return value

    def word(self, given: Mapping[str, Any], key: str, words: tuple[Any, ...], default: Any) -> Any:
        value = given.get(key, default)
        if value not in words:
            raise self.wrong(key, f"must be one of {', '.join(words)}, not {_shown(value)}")
        return value

    def table(self, given: Mapping[str, Any], key: str, known: tuple[str, ...]) -> Mapping[str, Any]:
        value = given.get(key, {})
        if not isinstance(value, dict):
            raise self.wrong(key, f"must be an object with {', '.join(known)}, not {_shown(value)}")
        self.check_keys(value, known, f"{key}.")
        return value

    def bound(self, given: Mapping[str, Any], key: str) -> Any:
        value = given[key]
        text = value if isinstance(value, str) else _shown(value)
        try:
            return BOUNDS[key](text)
        except WrongValue as error:
            raise self.wrong(f"limits.{key}", f"{error}, not {_shown(value)}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for n, (name, _) in enumerate(pairs) if name in dict(pairs[:n]))
        raise ValueError(f"it has {twice[:80]!r} twice in one object")
    return found


def _shown(value: Any) -> str:
    return json.dumps(value)[:80]

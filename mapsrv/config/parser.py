"""A table of options, and the only reader of flags and environment.

A flag `--some-flag` has the environment variable MAPSRV_SOME_FLAG; the flag wins. A wrong value is
one plain sentence on stderr and exit code 2.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from mapsrv.config.values import WrongValue


@dataclass(frozen=True, slots=True)
class Option:
    """A row of a table. `default` is as text, as a person would write it; None means not set."""

    name: str  # some-flag
    convert: Callable[[str], Any]
    default: str | None
    help: str
    value: str = ""  # how help names the value; a switch has none
    commands: frozenset[str] = frozenset()  # that it is for, where a table has several; empty: all
    hidden: bool = False
    repeatable: bool = False
    secret: bool = False  # an address that may hold a password

    @property
    def flag(self) -> str:
        """The flag as help and docs write it."""
        return f"--{self.name}/--no-{self.name}" if self.name == "open" else f"--{self.name}"

    @property
    def env(self) -> str:
        """The environment variable."""
        return "MAPSRV_" + self.name.upper().replace("-", "_")

    @property
    def field(self) -> str:
        """The field that holds the value."""
        return self.name.replace("-", "_")

    def fits(self, command: str) -> bool:
        """Whether it is an option of this command."""
        return not self.commands or command in self.commands


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Say it, and end the process."""
        shown = re.sub(r"://[^\s'\"]*@", "://...@", message).rstrip(".")  # a store's password
        print(f"mapsrv: {shown}. See {self.prog} --help.", file=sys.stderr)
        sys.exit(2)

    def add_options(self, options: Iterable[Option]) -> None:
        """Have it know a table's flags."""
        for option in options:
            kind: dict[str, Any] = {"metavar": option.value}
            if not option.value:
                kind = {"action": "store_const", "const": "1"}
            elif option.repeatable:
                kind["action"] = "append"
            kind["help"] = argparse.SUPPRESS if option.hidden else f"{option.help} [{option.env}]"
            self.add_argument(f"--{option.name}", dest=option.field, **kind)

    def values(
        self, options: Iterable[Option], given: argparse.Namespace, environ: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return what was said of each option, or its default, by field; what is not set is left out."""
        found: dict[str, Any] = {}
        for option in options:
            text, source = _text_of(option, getattr(given, option.field), environ)
            if text is None:
                continue
            try:
                found[option.field] = option.convert(text)
            except WrongValue as error:
                shown = _without_secret(text) if option.secret else text
                self.error(f"{source} {error}, not {shown[:200]!r}")
        return found


def _text_of(
    option: Option, flag: str | list[str] | None, environ: Mapping[str, str]
) -> tuple[str | None, str]:
    """Return the option's value as text and where it was said; an empty variable says nothing."""
    if flag is not None:
        return (flag if isinstance(flag, str) else ",".join(flag)), f"--{option.name}"
    text = environ.get(option.env, "").strip()
    if option.name == "port" and text.startswith("tcp://"):
        text = ""  # Kubernetes' own variable for a service that is called mapsrv
    return (text or option.default), option.env


def _without_secret(text: str) -> str:
    """Return an address without what may hold a password."""
    user, at, host = text.partition("?")[0].rpartition("@")
    return f"...@{host}" if at else user + host

"""What a person is told on the terminal when the server runs: where it is, and how an assistant is connected.

The steps are connect.json's, word for word as on the page. An address stands here once; what is to be
pasted stands on a line of its own.
"""

from __future__ import annotations

from collections.abc import Iterable

from mapsrv.config import REDIS, Config
from mapsrv.local.own_command import in_image, own_command
from mapsrv.wire.connect import Step, filled, steps, words

_ADDRESS = ("{base}", "http://", "https://")  # what begins so is an address, and no line to paste


def greeting(config: Config, url: str, shown: str) -> str:
    """Return what a person is told when the server runs at `url`; they open it at `shown`."""
    if in_image():
        return _from_outside(config, url)
    lines = [f"mapsrv is at {shown}", f"Maps are kept {_where(config.store)}", words()["take"]]
    lines += _lines(steps("own", command=own_command(config)))
    return "\n".join([*lines, f"{words()['then']} {words()['say']}", "Ctrl-C ends it."])


def _from_outside(config: Config, url: str) -> str:
    """Return what is told from within a container: how it is reached, and no path of there."""
    port = url.rpartition(":")[2]
    base = config.public_url or f"http://localhost:{port}"
    kept = "in a file of its volume" if config.store.startswith("sqlite:") else _where(config.store)
    lines = [
        f"mapsrv listens on port {port} of this container; publish it (docker run -p {port}:{port} ...).",
        f"From outside it is at {base}/",
        f"Maps are kept {kept}",
        words()["take"],
    ]
    lines += _lines(steps("address", base=base))
    said = filled(words()["say_where"], {"link": "(its link)"})
    return "\n".join([*lines, f"{words()['then']} {said}"])


def _lines(told: Iterable[Step]) -> list[str]:
    """Return the steps' lines. A text that is an address alone is left out: `where` says how it is made."""
    lines = []
    for step in told:
        texts = [text for text in step.texts if not text.startswith(_ADDRESS)]
        end = step.where if texts else f"{step.where.removesuffix(':')}."
        lines += [f"{step.client}. {end}", *(f"  {text}" for text in texts)]
    return lines


def _where(store: str) -> str:
    """Return where maps are kept, without the passwords that an address may hold."""
    kind, _, path = store.partition(":")
    if kind in REDIS:
        return "in Redis, for all that serve them from there"
    return f"in {path}" if path else "in memory only: they are gone when mapsrv ends"

"""Writes maps by the code of the first release: first.sqlite3, first.rdb, and what is in them, first.json.

    python -m tests.releases.write

first.tar.xz is that release's own code, without its bridge, demo and page: what main was before FORMAT
went up to 2. It draws by itself; nothing of today's mapsrv has a part in it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.store.kit import valkey

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ARCHIVE = HERE / "first.tar.xz"
AUTHORS = (
    ("model", "m1", "Model"),
    ("person", "p1", "Ana"),
)  # of each map's calls, in turn; keys are k0, k1, ...


def unpack(folder: Path) -> Path:
    """Have the first release's code in a folder, which is returned: a place for PYTHONPATH."""
    with tarfile.open(ARCHIVE) as packed:
        packed.extractall(folder, filter="data")
    return folder


# --- by that release's code ---------------------------------------------------------


def _point(number: int, **properties: Any) -> dict[str, Any]:
    place = {"type": "Point", "coordinates": [7 + number / 100, 46.5]}
    return {"type": "Feature", "id": number, "geometry": place, "properties": properties}


def _features(count: int, **properties: Any) -> dict[str, Any]:
    found = [_point(number, name=f"Säule {number}", **properties) for number in range(count)]
    return {"type": "FeatureCollection", "features": found}


def commands() -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Return calls by the map that they draw: each op and each kind of source is among them."""
    stations = ("add_layer", {"id": "stations", "title": "Stations", "source": _features(3)})
    return {
        "new": [],
        "plain": [("open_map", {"title": "Räume & 'Wege'"}), stations],
        "every op": [
            ("open_map", {"title": "Every op"}),
            stations,
            ("add_layer", {"id": "tracks", "source": _features(150), "visible": False}),
            ("add_layer", {"id": "tiles", "source": "https://tiles.example/{z}/{x}/{y}.png"}),
            ("add_layer", {"id": "away", "source": _features(1)}),
            ("set_basemap", {"name": "none"}),
            ("set_map_view", {"center": [7.5, 46.5], "zoom": 9, "bearing": 12}),
            ("update_features", {"layer_id": "stations", "add": [_point(7, name="new")], "remove": [0]}),
            ("update_features", {"layer_id": "tracks", "update": [{"id": 3, "properties": {"name": None}}]}),
            ("filter_layer", {"layer_id": "tracks", "filter": ["has", "name"]}),
            ("set_layer_paint", {"layer_id": "stations", "properties": {"circle-radius": 9, "opacity": 0.5}}),
            ("set_layer_details", {"layer_id": "tiles", "attribution": "Somebody", "title": "Tiles"}),
            ("move_layer", {"layer_id": "tiles", "to": "bottom"}),
            ("toggle_layer", {"layer_id": "stations"}),
            ("remove_layer", {"layer_id": "away"}),
            ("set_map_view", {"layer_id": "stations", "padding": 20}),
        ],
        "text ids": [
            ("add_layer", {"id": "named", "source": {**_point(1, kind="one"), "id": "first"}}),
            ("update_features", {"layer_id": "named", "add": [{**_point(2), "id": "second"}]}),
        ],
    }


async def _draw(hub: Any) -> dict[str, Any]:
    from mapsrv.core.log import Origin
    from mapsrv.wire.calls import parse_command_body

    authors = [Origin(*author) for author in AUTHORS]
    drawn: dict[str, Any] = {}
    for name, calls in commands().items():
        session_id = await hub.create_session()
        told = []
        for number, (command, arguments) in enumerate(calls):
            key, asked = parse_command_body({"command": command, "arguments": arguments, "id": f"k{number}"})
            receipt = await hub.execute(session_id, asked, authors[number % 2], key)
            told.append(str(receipt.position))
        async with hub.open_session(session_id) as live:
            drawn[name] = {"session_id": session_id, "told": told, "state": live.state.to_json()}
    return drawn


async def _written(store: Any) -> dict[str, Any]:
    from mapsrv.hub.lifecycle import open_hub

    async with open_hub(store, max_data=1 << 20, session_idle=1e6, warm=False) as hub:
        return await _draw(hub)


async def _sqlite(folder: Path) -> dict[str, Any]:
    from mapsrv.store.sqlite import open_sqlite

    path = folder / "first.sqlite3"
    async with open_sqlite(str(path)) as store:
        drawn = await _written(store)
    database = sqlite3.connect(path)
    database.execute("VACUUM")
    database.close()
    return drawn


async def _redis(folder: Path) -> dict[str, Any]:
    from mapsrv.store.redis import open_redis

    with valkey.running(folder, "--dbfilename", "first.rdb") as server:
        async with open_redis(server.url) as store:
            drawn = await _written(store)
        for kind in ("meta", "state", "log", "keys"):  # else they would be gone in a month
            for one in drawn.values():
                server.do("PERSIST", f"map_{kind}:{{{one['session_id']}}}")
        names = {one for told in drawn.values() for one in _blobs(told["state"])}
        for name in names:
            server.do("PERSIST", f"map_data:{name}")
        assert server.do("SAVE") == "+OK\r\n"
    return drawn


def _blobs(state: dict[str, Any]) -> Iterator[str]:
    for layer in state["layers"]:
        data = layer["source"].get("data")
        if isinstance(data, str) and data.startswith("data/"):
            yield data.removeprefix("data/")


async def _both(folder: Path) -> None:
    drawn = {"sqlite": await _sqlite(folder), "redis": await _redis(folder)}
    (folder / "first.json").write_text(
        json.dumps(drawn, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8"
    )


# --- by whoever runs this -----------------------------------------------------------


def main() -> None:
    with TemporaryDirectory() as place:
        folder = Path(place)
        old = unpack(folder / "code")
        env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(old), str(ROOT)])}
        code = f"import trio, pathlib; from {__spec__.name} import _both as both; "
        code += f"trio.run(both, pathlib.Path({place!r}))"
        subprocess.run([sys.executable, "-P", "-c", code], env=env, check=True, cwd=place)
        for name in ("first.sqlite3", "first.rdb", "first.json"):
            (HERE / name).write_bytes((folder / name).read_bytes())


if __name__ == "__main__":
    main()

"""What an attacker sends as a whole body: files that are none, messages, and words of a page."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from typing import Any

from tests.abuse.kit.refusals import FEATURE

PLACE = json.dumps(FEATURE).encode()
MUCH = 50_000


def rpc(method: Any, params: Any = None, id: Any = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params or {}}


def zipped() -> bytes:
    with io.BytesIO() as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.geojson", b"0" * 1_000_000)
        archive.close()
        return file.getvalue()


def point(coordinates: str, more: str = "") -> bytes:
    return f'{{"type":"Point","coordinates":{coordinates}{more}}}'.encode()


def page(**told: Any) -> dict[str, Any]:
    return {"viewer": "tab", **told}


MESSAGES: dict[str, Any] = {
    "unknown-tool": rpc("tools/call", {"name": "rm -rf /", "arguments": {}}),
    "prototype-tool": rpc("tools/call", {"name": "__class__", "arguments": {}}),
    "long-tool": rpc("tools/call", {"name": "x" * 100_000}),
    "no-tool": rpc("tools/call"),
    "list-of-tools": rpc("tools/call", {"name": ["open_map"], "arguments": {}}),
    "list-of-arguments": rpc("tools/call", {"name": "open_map", "arguments": [1]}),
    "token": rpc("tools/call", {"name": "open_map", "arguments": {}, "_meta": {"progressToken": {}}}),
    "file": rpc("resources/read", {"uri": "file:///etc/passwd"}),
    "prompt": rpc("prompts/get", {"name": "../../etc/passwd"}),
    "level": rpc("logging/setLevel", {"level": "<script>"}),
    "unknown-method": rpc("evil/method"),
    "prototype-method": rpc("__proto__"),
    "method-number": rpc(7),
    "list-of-params": {**rpc("tools/list"), "params": [1]},
    "version": {**rpc("tools/list"), "jsonrpc": "1.0"},
    "batch": [rpc("tools/list")] * 50,
    "nothing": [],
    "revision": rpc("initialize", {"protocolVersion": 7}),
}
FILES = {
    "spaces": b" " * 1_000_000,
    "null": b"null",
    "true": b"true",
    "text": b'"javascript:alert(1)"',
    "utf-16": PLACE.decode().encode("utf-16"),
    "latin-1": point("[1,2]", ',"name":"\xe9"').decode().encode("latin-1"),
    "zip": zipped(),
    "gzip": gzip.compress(PLACE),
    "kml": b'<?xml version="1.0"?><kml><Placemark/></kml>',
    "entities": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;&b;</a>',
    "page": b"<html><script>alert(1)</script></html>",
    "csv": b"lat,lng\n47,8\n",
    "topology": b'{"type":"Topology","objects":{},"arcs":[]}',
    "lines": PLACE + b"\n" + PLACE,
    "comment": b"/* */" + PLACE,
    "comma": point("[1,2]", ","),
    "nan": point("[1,NaN]"),
    "infinite": point("[1,1e999]"),
    "hexadecimal": point("[1,0x2]"),
    "digits": point(f"[1,{'2' * 400}]"),
    "many-digits": point(f"[1,{'2' * 100_000}]"),
    "many-fractions": point(f"[200000,{'0.0' + '0' * 100_000}]"),
    "deep": b"[" * 500_000,
    "deep-rings": b'{"type":"Polygon","coordinates":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "deep-collections": b'{"type":"GeometryCollection","geometries":[' * 5_000 + b"]}" * 5_000,
    "nine-collections": b'{"type":"GeometryCollection","geometries":[' * 9 + b"]}" * 9,
    "zero-in-key": b'{"ty\\u0000pe":"Point","coordinates":[1,2]}',
    "two-types": b'{"type":"Point","type":"Evil","coordinates":[1,2]}',
    "prototype": b'{"__proto__":{"type":"Point"},"coordinates":[1,2]}',
    "empty-rings": b'{"type":"Polygon","coordinates":[' + b",".join([b"[]"] * MUCH) + b"]}",
    "one-position": b'{"type":"LineString","coordinates":[[1,2]]}',
    "metres": point("[945000,6000000]"),
    "crs": point("[600000,200000]", ',"crs":{"type":"name","properties":{"name":"EPSG:2056"}}'),
    "null-features": b'{"type":"FeatureCollection","features":[' + b",".join([b"null"] * MUCH) + b"]}",
}
WORDS = {
    "nobody": {},
    "list": page(viewer=["tab"]),
    "object": page(viewer={}),
    "number": page(viewer=True),
    "booleans": page(viewport={"center": [True, False]}),
    "huge": page(viewport={"bounds": [1e308] * 4}),
    "integer": page(viewport={"zoom": 10**300}),
    "place-object": page(viewport={"center": {"0": 1, "1": 2}}),
    "viewport-list": page(viewport=[]),
    "pointing-list": page(pointing=[]),
    "pointing-long": page(pointing={"properties": {"a": "x" * 4_100}}),
    "pointing-wide": page(pointing={str(number): 0 for number in range(1_000)}),
    "name-long": page(name="x" * 81),
    "name-object": page(name={"toString": "x"}),
    "gone-text": page(gone="false"),
    "visible-null": page(visible=None),
    "problem-long": page(problems=[{"message": "x" * 501}]),
    "problem-layer": page(problems=[{"message": "x", "layer_id": "y" * 257}]),
    "problem-position": page(problems=[{"message": "x", "position": 7}]),
    "problem-null": page(problems=[None]),
    "problem-nothing": page(problems=[{"message": ""}]),
    "problems-text": page(problems="x"),
    "drawn-list": page(drawn=[]),
    "drawn-problem": page(drawn={"problems": [{"message": "x"}]}),
    "drawn-count": page(drawn={"problems": [{"text": "x", "count": 10**300}]}),
    "drawn-answers": page(drawn={"answers": ["x" * 33]}),
    "drawn-view": page(drawn={"view": {"zoom": 99}}),
    "drawn-read": page(drawn={"read": {"kind": "vector"}}),
    "problems-many": page(problems=[{"message": "x"}] * 21),
}

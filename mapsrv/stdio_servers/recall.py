"""Reading the knowledge graph: as much of what was asked for as a result has room for, oldest first.

The database measures before it sends, so that no graph, however large, is read into memory whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mapsrv.stdio_servers.database import Connection
from mapsrv.stdio_servers.graph import ENTITIES_ROOM, RELATIONS_ROOM, Entity, Graph, Relation

# {} is one of the conditions below, never a caller's text. `total` counts what had no room, too.
_ENTITIES = """
SELECT total, name, entity_type, observations FROM (
    SELECT id, name, entity_type, observations, sum(size) OVER (ORDER BY id) AS upto,
        count(*) OVER () AS total
    FROM memory_entities WHERE {}) AS found
WHERE upto <= %(room)s ORDER BY id"""
_RELATIONS = """
SELECT total, source, target, relation_type FROM (
    SELECT id, source, target, relation_type, sum(size) OVER (ORDER BY id) AS upto,
        count(*) OVER () AS total
    FROM memory_relations WHERE {}) AS found
WHERE upto <= %(room)s ORDER BY id"""
_ALL = "true"
_NAMED = "name = ANY(%(names)s::text[])"
_HOLDING = "EXISTS (SELECT FROM unnest(folded) AS text WHERE strpos(text, %(query)s) > 0)"
_TOUCHING = "source = ANY(%(names)s::text[]) OR target = ANY(%(names)s::text[])"


def read_graph(connection: Connection) -> Graph:
    """Return everything, relations of names that are no entities too."""
    return _graph(connection, _ALL, {}, _ALL)


def search_nodes(connection: Connection, query: str) -> Graph:
    """Return the entities that hold the text, in whatever case, with their relations."""
    return _graph(connection, _HOLDING, {"query": query.lower()}, _TOUCHING)


def open_nodes(connection: Connection, names: Sequence[str]) -> Graph:
    """Return the entities of these names that there are, with their relations."""
    return _graph(connection, _NAMED, {"names": list(names)}, _TOUCHING)


def _graph(connection: Connection, which: str, values: dict[str, Any], related: str) -> Graph:
    found = connection.execute(_ENTITIES.format(which), {**values, "room": ENTITIES_ROOM}).fetchall()
    entities = [Entity(*row[1:]) for row in found]
    names = [entity.name for entity in entities]
    links = connection.execute(
        _RELATIONS.format(related), {"names": names, "room": RELATIONS_ROOM}
    ).fetchall()
    cut = [
        f"{len(rows):,} of {rows[0][0]:,} {what}"
        for rows, what in ((found, "entities"), (links, "relations"))
        if rows and len(rows) < rows[0][0]
    ]
    note = f"Only {' and '.join(cut)} fit here. Use search_nodes or open_nodes for less." if cut else ""
    return Graph(entities, [Relation(*row[1:]) for row in links], note)

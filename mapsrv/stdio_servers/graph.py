"""The knowledge graph in PostgreSQL: what each tool of the memory server does, as one transaction.

The meaning is that of the reference server (npm @modelcontextprotocol/server-memory 2026.8.31): names
are unique, relations need no entities, what is there already is passed over. Added to it are bounds,
and that one call never makes the same thing twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import msgspec

from mapsrv.errors import InvalidArgument, LimitReached
from mapsrv.stdio_servers.database import TAKE_TURN, Connection

MAX_NAME = 200  # characters; three of four bytes each still fit a row of PostgreSQL's index
MAX_OBSERVATION = 10_000  # characters
MAX_ENTITY = 128 * 1024  # bytes of an entity as JSON, so that every entity fits a result
MAX_ENTITIES = 100_000
MAX_RELATIONS = 500_000
ENTITIES_ROOM = 256 * 1024  # bytes as JSON in one result; a model reads no more
RELATIONS_ROOM = 128 * 1024

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME)]
Kind = Annotated[str, msgspec.Meta(max_length=MAX_NAME)]
Observation = Annotated[str, msgspec.Meta(max_length=MAX_OBSERVATION)]


class Entity(msgspec.Struct, rename="camel"):
    name: Annotated[Name, msgspec.Meta(description="The name of the entity")]
    entity_type: Annotated[Kind, msgspec.Meta(description="The type of the entity")]
    observations: Annotated[list[Observation], msgspec.Meta(description="What is known of the entity")]


class Relation(msgspec.Struct, rename="camel", frozen=True):
    source: Annotated[Name, msgspec.Meta(description="The entity that the relation starts at")] = (
        msgspec.field(name="from")
    )
    target: Annotated[Name, msgspec.Meta(description="The entity that the relation ends at")] = msgspec.field(
        name="to"
    )
    relation_type: Annotated[Kind, msgspec.Meta(description="The type of the relation, in active voice")]


class Additions(msgspec.Struct, rename="camel"):
    entity_name: Annotated[Name, msgspec.Meta(description="The entity to add the observations to")]
    contents: Annotated[list[Observation], msgspec.Meta(description="The observations to add")]


class Added(msgspec.Struct, rename="camel"):
    entity_name: str
    added_observations: list[str]


class Deletions(msgspec.Struct, rename="camel"):
    entity_name: Annotated[Name, msgspec.Meta(description="The entity that has the observations")]
    observations: Annotated[list[Observation], msgspec.Meta(description="The observations to delete")]


class Graph(msgspec.Struct, omit_defaults=True):
    """`note` is there when not all that was asked for fits."""

    entities: list[Entity]
    relations: list[Relation]
    note: str = ""


def make_tables(connection: Connection) -> None:
    """Make what is missing. A role that may not make tables does with those that are there."""
    found = connection.execute(
        "SELECT to_regclass('memory_entities'), to_regclass('memory_relations')"
    ).fetchone()
    if found is None or None in found:
        # Only now: whoever reads must not wait for a writer.
        connection.execute(TAKE_TURN)
        for statement in _TABLES:
            connection.execute(statement)


# `folded` is in lower case what a search looks through: the database's own lower() depends on its locale.
# `size` is in bytes as JSON. Ids keep the order in which things came.
_TABLES = (
    """CREATE TABLE IF NOT EXISTS memory_entities (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text COLLATE "C" NOT NULL UNIQUE,
        entity_type text NOT NULL, observations text[] NOT NULL, folded text[] COLLATE "C" NOT NULL,
        size integer NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS memory_relations (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, source text COLLATE "C" NOT NULL,
        target text COLLATE "C" NOT NULL, relation_type text COLLATE "C" NOT NULL, size integer NOT NULL,
        UNIQUE (source, target, relation_type))""",
    "CREATE INDEX IF NOT EXISTS memory_relations_target ON memory_relations (target)",
)


def create_entities(connection: Connection, entities: Sequence[Entity]) -> list[Entity]:
    """Return the entities that were new, in the order they came."""
    known = _named(connection, [entity.name for entity in entities])
    new: dict[str, Entity] = {}
    for entity in entities:
        if entity.name not in known and entity.name not in new:
            new[entity.name] = Entity(
                entity.name, entity.entity_type, list(dict.fromkeys(entity.observations))
            )
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO memory_entities (observations, folded, size, entity_type, name)"
            " VALUES (%s, %s, %s, %s, %s)",
            [(*_stored(entity), entity.entity_type, entity.name) for entity in new.values()],
        )
    _check_count(connection, "SELECT count(*) FROM memory_entities", MAX_ENTITIES, "entities")
    return list(new.values())


def create_relations(connection: Connection, relations: Sequence[Relation]) -> list[Relation]:
    """Return the relations that were new, in the order they came."""
    sizes = [len(msgspec.json.encode(relation)) for relation in relations]
    rows = connection.execute(
        "INSERT INTO memory_relations (source, target, relation_type, size)"
        " SELECT source, target, kind, size"
        " FROM unnest(%s::text[], %s::text[], %s::text[], %s::integer[])"
        " WITH ORDINALITY AS given (source, target, kind, size, number) ORDER BY number"
        " ON CONFLICT DO NOTHING RETURNING source, target, relation_type",
        [*_columns(relations), sizes],
    )
    new = {Relation(*row) for row in rows}
    _check_count(connection, "SELECT count(*) FROM memory_relations", MAX_RELATIONS, "relations")
    return [relation for relation in dict.fromkeys(relations) if relation in new]


def add_observations(connection: Connection, additions: Sequence[Additions]) -> list[Added]:
    """Return what was new of each; raises InvalidArgument, and adds nothing, where an entity is missing."""
    known = _named(connection, [addition.entity_name for addition in additions])
    results = []
    for addition in additions:
        entity = known.get(addition.entity_name)
        if entity is None:
            raise InvalidArgument(
                f"Entity with name {addition.entity_name} not found. Nothing was added; create it first."
            )
        there = set(entity.observations)
        new = [text for text in dict.fromkeys(addition.contents) if text not in there]
        entity.observations.extend(new)
        results.append(Added(entity.name, new))
    _update(connection, known.values())
    return results


def delete_entities(connection: Connection, names: Sequence[str]) -> None:
    """Delete entities, and the relations from and to those names; names of nothing are passed over."""
    connection.execute("DELETE FROM memory_entities WHERE name = ANY(%s::text[])", [list(names)])
    connection.execute(
        "DELETE FROM memory_relations WHERE source = ANY(%(names)s::text[])"
        " OR target = ANY(%(names)s::text[])",
        {"names": list(names)},
    )


def delete_observations(connection: Connection, deletions: Sequence[Deletions]) -> None:
    """Delete observations; what is not there is passed over."""
    known = _named(connection, [deletion.entity_name for deletion in deletions])
    for deletion in deletions:
        if entity := known.get(deletion.entity_name):
            gone = set(deletion.observations)
            entity.observations = [text for text in entity.observations if text not in gone]
    _update(connection, known.values())


def delete_relations(connection: Connection, relations: Sequence[Relation]) -> None:
    """Delete relations; what is not there is passed over."""
    connection.execute(
        "DELETE FROM memory_relations AS there"
        " USING unnest(%s::text[], %s::text[], %s::text[]) AS gone (source, target, kind)"
        " WHERE (there.source, there.target, there.relation_type) = (gone.source, gone.target, gone.kind)",
        _columns(relations),
    )


def _columns(relations: Sequence[Relation]) -> list[list[str]]:
    return [
        [relation.source for relation in relations],
        [relation.target for relation in relations],
        [relation.relation_type for relation in relations],
    ]


def _named(connection: Connection, names: list[str]) -> dict[str, Entity]:
    rows = connection.execute(
        "SELECT name, entity_type, observations FROM memory_entities WHERE name = ANY(%s::text[])", [names]
    )
    return {row[0]: Entity(*row) for row in rows}


def _update(connection: Connection, entities: Iterable[Entity]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE memory_entities SET observations = %s, folded = %s, size = %s WHERE name = %s",
            [(*_stored(entity), entity.name) for entity in entities],
        )


def _stored(entity: Entity) -> tuple[Any, ...]:
    """Return an entity's observations, folded and size; raises LimitReached."""
    size = len(msgspec.json.encode(entity))
    if size > MAX_ENTITY:
        raise LimitReached(
            f"Entity {entity.name} would be of {size:,} bytes, and {MAX_ENTITY:,} is the most. Nothing was"
            " changed; delete some of its observations first, or spread them over several entities."
        )
    texts = [entity.name, entity.entity_type, *entity.observations]
    return entity.observations, [text.lower() for text in texts], size


def _check_count(connection: Connection, query: str, most: int, what: str) -> None:
    row = connection.execute(query).fetchone()
    if row is not None and row[0] > most:
        raise LimitReached(
            f"The memory holds {most:,} {what} at most. Nothing was changed; delete some first."
        )

"""A memory for models: the tools of the reference memory server, kept in PostgreSQL.

`python -m mapsrv.stdio_servers.memory` serves MCP on stdin and stdout; DATABASE_URL names the database.
It makes its tables itself. Any number of processes may share one graph.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Annotated

import msgspec
from mcp_types import ToolAnnotations

from mapsrv.errors import StartupError
from mapsrv.stdio_servers import graph, recall
from mapsrv.stdio_servers.database import Connection, Database, open_database
from mapsrv.stdio_servers.graph import Added, Additions, Deletions, Entity, Graph, Name, Relation
from mapsrv.stdio_servers.serving import Answer, Offer, run_program, serve_stdio

MAX_ITEMS = 1_000  # of one call
MAX_QUERY = 1_000  # characters

_MAKES = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False
)
_DELETES = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False
)
_READS = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


class CreateEntities(msgspec.Struct):
    """Create several new entities in the knowledge graph. Names that are taken are passed over; the answer
    lists what is new."""

    entities: Annotated[list[Entity], msgspec.Meta(max_length=MAX_ITEMS)]


class CreateRelations(msgspec.Struct):
    """Create several new relations between entities in the knowledge graph, in active voice. Those that
    are there are passed over; the answer lists what is new."""

    relations: Annotated[list[Relation], msgspec.Meta(max_length=MAX_ITEMS)]


class AddObservations(msgspec.Struct):
    """Add observations to entities that are in the knowledge graph. The answer lists what is new."""

    observations: Annotated[list[Additions], msgspec.Meta(max_length=MAX_ITEMS)]


class DeleteEntities(msgspec.Struct, rename="camel"):
    """Delete several entities and their relations from the knowledge graph."""

    entity_names: Annotated[
        list[Name], msgspec.Meta(max_length=MAX_ITEMS, description="The names of the entities to delete")
    ]


class DeleteObservations(msgspec.Struct):
    """Delete single observations from entities in the knowledge graph."""

    deletions: Annotated[list[Deletions], msgspec.Meta(max_length=MAX_ITEMS)]


class DeleteRelations(msgspec.Struct):
    """Delete several relations from the knowledge graph."""

    relations: Annotated[
        list[Relation], msgspec.Meta(max_length=MAX_ITEMS, description="The relations to delete")
    ]


class ReadGraph(msgspec.Struct):
    """Read the whole knowledge graph. A large one is cut, and says so."""


class SearchNodes(msgspec.Struct):
    """Find the entities that hold a text in their name, type or observations, and their relations."""

    query: Annotated[
        str,
        msgspec.Meta(
            max_length=MAX_QUERY,
            description="A text to look for in names, types and observations, in any case",
        ),
    ]


class OpenNodes(msgspec.Struct):
    """Read entities of the knowledge graph by their names, with their relations."""

    names: Annotated[
        list[Name], msgspec.Meta(max_length=MAX_ITEMS, description="The names of the entities to read")
    ]


class NewEntities(msgspec.Struct):
    entities: list[Entity]


class NewRelations(msgspec.Struct):
    relations: list[Relation]


class NewObservations(msgspec.Struct):
    results: list[Added]


class Done(msgspec.Struct):
    success: bool
    message: str


class Memory:
    """What each tool does with its arguments."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create_entities(self, call: CreateEntities) -> Answer:
        made = await self._database.write(lambda there: graph.create_entities(there, call.entities))
        return Answer(NewEntities(made), made)

    async def create_relations(self, call: CreateRelations) -> Answer:
        made = await self._database.write(lambda there: graph.create_relations(there, call.relations))
        return Answer(NewRelations(made), made)

    async def add_observations(self, call: AddObservations) -> Answer:
        added = await self._database.write(lambda there: graph.add_observations(there, call.observations))
        return Answer(NewObservations(added), added)

    async def delete_entities(self, call: DeleteEntities) -> Answer:
        await self._database.write(lambda there: graph.delete_entities(there, call.entity_names))
        return _deleted("Entities")

    async def delete_observations(self, call: DeleteObservations) -> Answer:
        await self._database.write(lambda there: graph.delete_observations(there, call.deletions))
        return _deleted("Observations")

    async def delete_relations(self, call: DeleteRelations) -> Answer:
        await self._database.write(lambda there: graph.delete_relations(there, call.relations))
        return _deleted("Relations")

    async def read_graph(self, call: ReadGraph) -> Answer:
        return await self._read(recall.read_graph)

    async def search_nodes(self, call: SearchNodes) -> Answer:
        return await self._read(lambda there: recall.search_nodes(there, call.query))

    async def open_nodes(self, call: OpenNodes) -> Answer:
        return await self._read(lambda there: recall.open_nodes(there, call.names))

    async def _read(self, work: Callable[[Connection], Graph]) -> Answer:
        found = await self._database.read(work)
        return Answer(found, found)


def _deleted(what: str) -> Answer:
    message = f"{what} deleted successfully"
    return Answer(Done(True, message), message)


def offers(database: Database) -> dict[str, Offer]:
    """Return the tools, on one database."""
    memory = Memory(database)
    return {
        "create_entities": Offer(CreateEntities, NewEntities, memory.create_entities, _MAKES),
        "create_relations": Offer(CreateRelations, NewRelations, memory.create_relations, _MAKES),
        "add_observations": Offer(AddObservations, NewObservations, memory.add_observations, _MAKES),
        "delete_entities": Offer(DeleteEntities, Done, memory.delete_entities, _DELETES),
        "delete_observations": Offer(DeleteObservations, Done, memory.delete_observations, _DELETES),
        "delete_relations": Offer(DeleteRelations, Done, memory.delete_relations, _DELETES),
        "read_graph": Offer(ReadGraph, Graph, memory.read_graph, _READS),
        "search_nodes": Offer(SearchNodes, Graph, memory.search_nodes, _READS),
        "open_nodes": Offer(OpenNodes, Graph, memory.open_nodes, _READS),
    }


async def main() -> None:
    """Serve until stdin ends; raises StartupError."""
    address = os.environ.get("DATABASE_URL", "")
    if not address:
        raise StartupError("Set DATABASE_URL to the database: postgresql://USER:PASSWORD@HOST:5432/DATABASE.")
    async with open_database(address, graph.make_tables) as database:
        await serve_stdio("memory-server", offers(database))


if __name__ == "__main__":
    run_program(main)

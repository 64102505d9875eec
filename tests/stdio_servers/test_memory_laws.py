"""Any sequence of calls leaves and answers what the reference server's would, as a dict and a list here.

Two things are meant to differ from it: one call never makes the same thing twice, and there are bounds.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp_types import CallToolRequestParams

from mapsrv.stdio_servers import graph, recall
from mapsrv.stdio_servers.database import Database, open_database
from mapsrv.stdio_servers.memory import offers
from mapsrv.stdio_servers.serving import Tools
from tests.stdio_servers.kit.postgres import Server

Call = tuple[str, dict[str, Any]]

# Few, so that they meet; and some that would be heard by an SQL, LIKE or format string.
NAMES = ["a", "A", "ab", "'); DROP TABLE memory_entities; --", "%s %(x)s {0} \\", "É\n_"]
names = st.sampled_from(NAMES)
texts = st.sampled_from(["", "x", "X", "x y", "straße", "%", '"', "\\x00", "{a,b}", "NULL"]) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5
)
several_texts = st.lists(texts, max_size=4)
entities = st.fixed_dictionaries({"name": names, "entityType": texts, "observations": several_texts})
relations = st.fixed_dictionaries(
    {"from": names, "to": names, "relationType": st.sampled_from(["", "is", "Is"])}
)


def on_entity(member: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"entityName": names, member: several_texts})


def call(name: str, argument: str, items: st.SearchStrategy[Any]) -> st.SearchStrategy[Call]:
    return st.tuples(st.just(name), st.fixed_dictionaries({argument: items}))


calls = st.one_of(
    call("create_entities", "entities", st.lists(entities, max_size=4)),
    call("create_relations", "relations", st.lists(relations, max_size=4)),
    call("add_observations", "observations", st.lists(on_entity("contents"), max_size=2)),
    call("delete_entities", "entityNames", st.lists(names, max_size=2)),
    call("delete_observations", "deletions", st.lists(on_entity("observations"), max_size=2)),
    call("delete_relations", "relations", st.lists(relations, max_size=2)),
    call("search_nodes", "query", texts | names),
    call("open_nodes", "names", st.lists(names, max_size=3)),
    st.just(("read_graph", {})),
)


class Model:
    """What the reference server means, in its own order."""

    def __init__(self) -> None:
        self.entities: dict[str, dict[str, Any]] = {}
        self.relations: list[dict[str, str]] = []

    def create_entities(self, entities: list[dict[str, Any]]) -> Any:
        new = []
        for entity in entities:
            if entity["name"] not in self.entities:
                kept = {**entity, "observations": list(dict.fromkeys(entity["observations"]))}
                self.entities[entity["name"]] = kept
                new.append({**kept, "observations": list(kept["observations"])})
        return {"entities": new}

    def create_relations(self, relations: list[dict[str, str]]) -> Any:
        new: list[dict[str, str]] = []
        for relation in relations:
            if relation not in self.relations:
                self.relations.append(relation)
                new.append(relation)
        return {"relations": new}

    def add_observations(self, observations: list[dict[str, Any]]) -> Any:
        if any(each["entityName"] not in self.entities for each in observations):
            return None
        results = []
        for each in observations:
            there = self.entities[each["entityName"]]["observations"]
            new = [text for text in dict.fromkeys(each["contents"]) if text not in there]
            there.extend(new)
            results.append({"entityName": each["entityName"], "addedObservations": new})
        return {"results": results}

    def delete_entities(self, entityNames: list[str]) -> Any:
        for name in entityNames:
            self.entities.pop(name, None)
            self.relations = [link for link in self.relations if name not in (link["from"], link["to"])]
        return {"success": True, "message": "Entities deleted successfully"}

    def delete_observations(self, deletions: list[dict[str, Any]]) -> Any:
        for each in deletions:
            if entity := self.entities.get(each["entityName"]):
                kept = [text for text in entity["observations"] if text not in each["observations"]]
                entity["observations"] = kept
        return {"success": True, "message": "Observations deleted successfully"}

    def delete_relations(self, relations: list[dict[str, str]]) -> Any:
        self.relations = [link for link in self.relations if link not in relations]
        return {"success": True, "message": "Relations deleted successfully"}

    def read_graph(self) -> Any:
        return {"entities": list(self.entities.values()), "relations": self.relations}

    def search_nodes(self, query: str) -> Any:
        return self._around(
            name
            for name, entity in self.entities.items()
            if any(query.lower() in text.lower() for text in self._texts(entity))
        )

    def open_nodes(self, names: list[str]) -> Any:
        return self._around(name for name in self.entities if name in names)

    def _texts(self, entity: dict[str, Any]) -> list[str]:
        return [entity["name"], entity["entityType"], *entity["observations"]]

    def _around(self, names: Any) -> Any:
        found = list(names)
        near = [link for link in self.relations if link["from"] in found or link["to"] in found]
        return {"entities": [self.entities[name] for name in found], "relations": near}


@pytest.fixture(scope="module")
def shared(postgres: Server) -> str:
    postgres.do("CREATE DATABASE laws")
    return postgres.url("laws")


@asynccontextmanager
async def emptied(url: str) -> AsyncIterator[tuple[Database, Tools]]:
    async with open_database(url, graph.make_tables) as database:
        await database.write(lambda there: there.execute("TRUNCATE memory_entities, memory_relations"))
        yield database, Tools(offers(database))


@settings(max_examples=60, deadline=None)
@given(script=st.lists(calls, min_size=3, max_size=15))
def test_any_calls_answer_and_leave_what_the_reference_would(shared: str, script: list[Call]):
    async def compare() -> None:
        model = Model()
        async with emptied(shared) as (_, tools):
            for name, arguments in [*script, ("read_graph", {})]:
                result = await tools.call_tool(None, CallToolRequestParams(name=name, arguments=arguments))
                expected = getattr(model, name)(**arguments)
                assert result.structured_content == expected, (name, arguments)
                assert result.is_error is (expected is None)

    trio.run(compare)


async def test_a_result_that_has_no_room_is_cut_says_so_and_fits_a_line(shared: str):
    """Whatever the texts are: many empty ones grow most when they are indented and quoted once more."""
    async with emptied(shared) as (database, tools):
        for number in range(5):
            many = [f'{number}"\\\x01'] + [str(index) for index in range(9_000)]
            entity = {"name": f"entity {number}", "entityType": "", "observations": many}
            await tools.call("create_entities", {"entities": [entity]})
        for number in range(4):
            links = [{"from": "a", "to": str(to), "relationType": str(number)} for to in range(1_000)]
            await tools.call("create_relations", {"relations": links})
        result = await tools.call_tool(None, CallToolRequestParams(name="read_graph", arguments={}))
        assert result.structured_content is not None
        note = result.structured_content["note"]
        assert re.fullmatch(r"Only 4 of 5 entities and 3,\d{3} of 4,000 relations fit here\. .*", note)
        assert note in result.content[0].text
        assert len(result.model_dump_json(by_alias=True)) < 4 * 2**20
        last = await tools.call("open_nodes", {"names": ["entity 4"]})
        assert last.value.note == "" and len(last.value.entities[0].observations) == 9_001


async def test_the_memory_as_a_whole_is_bounded(shared: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(graph, "MAX_ENTITIES", 2)
    monkeypatch.setattr(graph, "MAX_RELATIONS", 1)
    async with emptied(shared) as (database, tools):
        three = [{"name": name, "entityType": "", "observations": []} for name in "abc"]
        with pytest.raises(Exception, match="holds 2 entities at most. Nothing was changed"):
            await tools.call("create_entities", {"entities": three})
        await tools.call("create_entities", {"entities": three[:2]})
        two = [{"from": "a", "to": "b", "relationType": kind} for kind in "xy"]
        with pytest.raises(Exception, match="holds 1 relations at most"):
            await tools.call("create_relations", {"relations": two})
        read = await database.read(recall.read_graph)
        assert (len(read.entities), read.relations) == (2, [])

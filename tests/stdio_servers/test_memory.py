"""The memory server as its clients see it, over stdio, on a real PostgreSQL."""

from __future__ import annotations

import json

import pytest
import trio

from tests.stdio_servers.kit.postgres import Server
from tests.stdio_servers.kit.talk import ask, ended, refused, talking
from tests.transports.kit.serving import MODERN

ANA = {"name": "Ana", "entityType": "person", "observations": ["draws maps", "lives in Łódź"]}
BO = {"name": "Bo", "entityType": "person", "observations": []}
KNOWS = {"from": "Ana", "to": "Bo", "relationType": "knows"}
FEARS = {"from": "Bo", "to": "the sea", "relationType": "fears"}

# As the reference server publishes them: the argument, whether it reads or deletes, the result's members.
TOOLS = {
    "create_entities": ("entities", False, False, {"entities"}),
    "create_relations": ("relations", False, False, {"relations"}),
    "add_observations": ("observations", False, False, {"results"}),
    "delete_entities": ("entityNames", False, True, {"success", "message"}),
    "delete_observations": ("deletions", False, True, {"success", "message"}),
    "delete_relations": ("relations", False, True, {"success", "message"}),
    "read_graph": (None, True, False, {"entities", "relations"}),
    "search_nodes": ("query", True, False, {"entities", "relations"}),
    "open_nodes": ("names", True, False, {"entities", "relations"}),
}


async def test_the_tools_are_those_of_the_reference_server(postgres: Server, database: str):
    async with talking("memory", DATABASE_URL=postgres.url(database)) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == set(TOOLS)
    for name, (argument, reads, deletes, members) in TOOLS.items():
        tool = tools[name]
        hints = tool.annotations
        assert hints and (hints.read_only_hint, hints.destructive_hint) == (reads, deletes)
        assert (hints.idempotent_hint, hints.open_world_hint) == (reads or deletes, False)
        assert tool.title == name.replace("_", " ").title() and tool.description
        assert tool.input_schema["type"] == "object"
        assert tool.input_schema.get("required", []) == ([argument] if argument else [])
        assert tool.output_schema and set(tool.output_schema["required"]) == members
        assert "$ref" not in json.dumps([tool.input_schema, tool.output_schema])


async def test_a_graph_is_made_found_and_taken_apart(postgres: Server, database: str):
    async with talking("memory", DATABASE_URL=postgres.url(database)) as client:
        assert await ask(client, "create_entities", entities=[ANA, BO]) == {"entities": [ANA, BO]}
        assert await ask(client, "create_relations", relations=[KNOWS, FEARS]) == {
            "relations": [KNOWS, FEARS]
        }
        additions = [{"entityName": "Bo", "contents": ["swims", "swims"]}]
        added = {"results": [{"entityName": "Bo", "addedObservations": ["swims"]}]}
        assert await ask(client, "add_observations", observations=additions) == added
        bo = {**BO, "observations": ["swims"]}
        assert await ask(client, "read_graph") == {"entities": [ANA, bo], "relations": [KNOWS, FEARS]}
        assert await ask(client, "search_nodes", query="łÓDŹ") == {"entities": [ANA], "relations": [KNOWS]}
        assert await ask(client, "open_nodes", names=["Bo", "nobody"]) == {
            "entities": [bo],
            "relations": [KNOWS, FEARS],
        }
    # Another process, which finds what the first one left.
    async with talking("memory", DATABASE_URL=postgres.url(database)) as client:
        for what, call in {
            "Observations": {"deletions": [{"entityName": "Bo", "observations": ["swims", "sinks"]}]},
            "Relations": {"relations": [FEARS, {**FEARS, "to": "spiders"}]},
            "Entities": {"entityNames": ["Ana", "nobody"]},
        }.items():
            done = {"success": True, "message": f"{what} deleted successfully"}
            assert await ask(client, f"delete_{what.lower()}", **call) == done
        assert await ask(client, "read_graph") == {"entities": [BO], "relations": []}


async def test_what_is_there_is_passed_over_and_the_answer_lists_what_is_new(postgres: Server, database: str):
    async with talking("memory", DATABASE_URL=postgres.url(database)) as client:
        await ask(client, "create_entities", entities=[ANA])
        other = {**ANA, "entityType": "cat"}
        made = await ask(client, "create_entities", entities=[other, BO, {**BO, "entityType": "dog"}])
        assert made == {"entities": [BO]}
        await ask(client, "create_relations", relations=[KNOWS])
        made = await ask(client, "create_relations", relations=[KNOWS, FEARS, FEARS])
        assert made == {"relations": [FEARS]}
        again = [{"entityName": "Ana", "contents": ["draws maps", "sings"]}]
        added = await ask(client, "add_observations", observations=again)
        assert added == {"results": [{"entityName": "Ana", "addedObservations": ["sings"]}]}


@pytest.mark.parametrize("mode", ["legacy", MODERN])
async def test_clients_of_both_revisions_are_served(postgres: Server, database: str, mode: str):
    async with talking("memory", mode, DATABASE_URL=postgres.url(database)) as client:
        assert len((await client.list_tools()).tools) == 9
        assert await ask(client, "create_entities", entities=[ANA]) == {"entities": [ANA]}
        assert "not found" in await refused(
            client, "add_observations", observations=[{"entityName": "Bo", "contents": []}]
        )


async def test_the_text_of_an_answer_is_that_of_the_reference_server(postgres: Server, database: str):
    async with talking("memory", DATABASE_URL=postgres.url(database)) as client:
        made = await client.call_tool("create_entities", {"entities": [ANA]})
        assert json.loads(made.content[0].text) == [ANA] and "Łódź" in made.content[0].text
        read = await client.call_tool("read_graph", {})
        assert json.loads(read.content[0].text) == {"entities": [ANA], "relations": []}
        gone = await client.call_tool("delete_entities", {"entityNames": ["Ana"]})
        assert gone.content[0].text == "Entities deleted successfully"


async def test_arguments_that_a_host_sends_as_text_are_taken(postgres: Server, database: str):
    async with talking("memory", DATABASE_URL=postgres.url(database)) as client:
        made = await ask(client, "create_entities", entities=json.dumps([ANA]))
        assert made == {"entities": [ANA]}
        assert await ask(client, "search_nodes", query="[1]") == {"entities": [], "relations": []}


WRONG = [
    ("create_entities", {}, "missing required field `entities`"),
    ("create_entities", {"entities": "Ana"}, "Expected `array`, got `str` - at `$.entities`"),
    ("create_entities", {"entities": [{"name": "Ana"}]}, "missing required field `entityType`"),
    ("create_entities", {"entities": [{**ANA, "name": ""}]}, r"length >= 1 - at `$.entities[0].name`"),
    ("create_entities", {"entities": [{**ANA, "name": "a" * 201}]}, "length <= 200"),
    ("create_entities", {"entities": [{**ANA, "observations": ["a" * 10_001]}]}, "length <= 10000"),
    ("create_entities", {"entities": [BO] * 1_001}, "length <= 1000 - at `$.entities`"),
    ("create_entities", {"entities": [{**ANA, "entityType": "a\0b"}]}, "no U+0000"),
    (
        "create_entities",
        {"entities": '[{"name": "\\ud800", "entityType": "", "observations": []}]'},
        "surrogate",
    ),
    (
        "create_entities",
        {"entities": [{**ANA, "observations": ["x" * 9_990 + str(n) for n in range(14)]}]},
        "131,072",
    ),
    ("create_relations", {"relations": [{"from": "a", "to": "b"}]}, "missing required field `relationType`"),
    (
        "add_observations",
        {"observations": [{"entityName": "x", "contents": [1]}]},
        "Expected `str`, got `int`",
    ),
    (
        "add_observations",
        {"observations": [{"entityName": "x", "contents": []}]},
        "Entity with name x not found",
    ),
    ("search_nodes", {"query": "q" * 1_001}, "length <= 1000"),
    ("open_nodes", {"names": None}, "Expected `array`, got `null`"),
    ("forget_everything", {}, "There are: create_entities, create_relations,"),
]


async def test_a_wrong_argument_is_told_by_its_place_and_changes_nothing(postgres: Server, database: str):
    async with talking("memory", DATABASE_URL=postgres.url(database)) as client:
        for name, arguments, words in WRONG:
            assert words in await refused(client, name, **arguments)
        half = [{"entityName": "Bo", "contents": ["new"]}, {"entityName": "nobody", "contents": []}]
        await ask(client, "create_entities", entities=[BO])
        assert "nobody not found" in await refused(client, "add_observations", observations=half)
        assert await ask(client, "read_graph") == {"entities": [BO], "relations": []}


async def test_processes_that_share_a_database_make_each_thing_once(postgres: Server, database: str):
    """They start at once on an empty database, so they also make the tables at once."""
    names = [f"entity {number}" for number in range(40)]
    news: list[str] = []

    async def create() -> None:
        async with talking("memory", DATABASE_URL=postgres.url(database)) as client:
            async with trio.open_nursery() as calls:
                for name in names:
                    calls.start_soon(one, client, name)

    async def one(client: object, name: str) -> None:
        made = await ask(client, "create_entities", entities=[{**BO, "name": name}])
        news.extend(entity["name"] for entity in made["entities"])
        await ask(client, "create_entities", entities=[{**BO, "name": "all"}])
        await ask(client, "add_observations", observations=[{"entityName": "all", "contents": [name]}])

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(create)
    assert sorted(news) == sorted(names)
    async with talking("memory", DATABASE_URL=postgres.url(database)) as client:
        read = await ask(client, "read_graph")
    told = {entity["name"]: entity["observations"] for entity in read["entities"]}
    assert sorted(told) == sorted(["all", *names]) and sorted(told["all"]) == sorted(names)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "Set DATABASE_URL to the database: postgresql://"),
        ("mysql://ana:s3cret@there/x", "DATABASE_URL does not name a PostgreSQL database."),
        ("postgresql://ana:s3cret@there/x?novelty=1", "DATABASE_URL does not name a PostgreSQL database."),
    ],
)
async def test_an_address_that_cannot_be_one_is_told_in_a_sentence(address: str, words: str):
    code, out, err = await ended("memory", DATABASE_URL=address)
    assert (code, out) == (1, "")
    assert err.startswith(words) and len(err.splitlines()) == 1 and "s3cret" not in err


async def test_the_end_of_stdin_ends_the_server_quietly(postgres: Server, database: str):
    assert await ended("memory", DATABASE_URL=postgres.url(database)) == (0, "", "")

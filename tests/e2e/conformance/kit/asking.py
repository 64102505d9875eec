"""Tools that ask the client something: by a request of their own up to 2025-11-25, by their result since.

The names, keys and wordings are the conformance suite's.
"""

from __future__ import annotations

from typing import Any

from mcp.shared.message import ServerMessageMetadata
from mcp_types import (
    CallToolResult,
    CreateMessageRequest,
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
    ListRootsRequest,
    SamplingMessage,
    TextContent,
)

Answer = CallToolResult | InputRequiredResult

PLAIN: dict[str, Any] = {
    "name": {"type": "string", "default": "John Doe"},
    "age": {"type": "integer", "default": 30},
    "score": {"type": "number", "default": 95.5},
    "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
    "verified": {"type": "boolean", "default": True},
}
_WORDS = ["option1", "option2", "option3"]
_TITLED = [{"const": f"value{n}", "title": f"Option {n}"} for n in (1, 2, 3)]
ENUMS: dict[str, Any] = {
    "untitledSingle": {"type": "string", "enum": _WORDS},
    "titledSingle": {"type": "string", "oneOf": _TITLED},
    "legacyEnum": {"type": "string", "enum": _WORDS, "enumNames": ["Option 1", "Option 2", "Option 3"]},
    "untitledMulti": {"type": "array", "items": {"type": "string", "enum": _WORDS}},
    "titledMulti": {"type": "array", "items": {"anyOf": _TITLED}},
}


def form(message: str, **types: str) -> ElicitRequest:
    """Return a form, all of whose fields must be filled in."""
    return _form(message, {name: {"type": kind} for name, kind in types.items()}, list(types))


def _form(message: str, properties: dict[str, Any], required: list[str]) -> ElicitRequest:
    schema = {"type": "object", "properties": properties, "required": required}
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def sample(prompt: str, max_tokens: int = 100) -> CreateMessageRequest:
    """Return a question for the client's model."""
    message = SamplingMessage(role="user", content=TextContent(text=prompt))
    return CreateMessageRequest(params=CreateMessageRequestParams(messages=[message], max_tokens=max_tokens))


def accepted(params: Any, key: str) -> dict[str, Any]:
    """Return what a form was filled in with; nothing where it was not, or not accepted."""
    answer = (params.input_responses or {}).get(key)
    return answer.content or {} if isinstance(answer, ElicitResult) and answer.action == "accept" else {}


def _text(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text)])


def _ask(state: str | None = None, /, **requests: Any) -> InputRequiredResult:
    return InputRequiredResult(input_requests=requests, request_state=state)


# By requests of the server's own, up to 2025-11-25.


async def _requested(ctx: Any, request: Any, kind: Any) -> Any:
    metadata = ServerMessageMetadata(related_request_id=ctx.request_id)
    return await ctx.session.send_request(request, kind, metadata=metadata)


async def test_sampling(ctx: Any, params: Any) -> Answer:
    answer = await _requested(ctx, sample(params.arguments["prompt"]), CreateMessageResult)
    return _text(f"LLM response: {answer.content.text}")


async def test_elicitation(ctx: Any, params: Any) -> Answer:
    asked = form(params.arguments["message"], username="string", email="string")
    answer = await _requested(ctx, asked, ElicitResult)
    return _text(f"User response: action={answer.action}, content={answer.content}")


async def test_elicitation_sep1034_defaults(ctx: Any, params: Any) -> Answer:
    return await _elicited(ctx, PLAIN)


async def test_elicitation_sep1330_enums(ctx: Any, params: Any) -> Answer:
    return await _elicited(ctx, ENUMS)


async def _elicited(ctx: Any, properties: dict[str, Any]) -> CallToolResult:
    answer = await _requested(ctx, _form("Please fill this in", properties, []), ElicitResult)
    return _text(f"Elicitation completed: action={answer.action}, content={answer.content}")


# By the result, since 2026-07-28. The state that a result carries is sealed by the server's middleware.


def test_input_required_result_elicitation(ctx: Any, params: Any) -> Answer:
    name = accepted(params, "user_name").get("name")
    if name is None:
        return _ask(user_name=form("What is your name?", name="string"))
    return _text(f"Hello, {name}!")


def test_input_required_result_sampling(ctx: Any, params: Any) -> Answer:
    answer = (params.input_responses or {}).get("capital_question")
    if answer is None:
        return _ask(capital_question=sample("What is the capital of France?"))
    return _text(answer.content.text)


def test_input_required_result_list_roots(ctx: Any, params: Any) -> Answer:
    answer = (params.input_responses or {}).get("client_roots")
    if answer is None:
        return _ask(client_roots=ListRootsRequest())
    return _text(", ".join(str(root.uri) for root in answer.roots))


def test_input_required_result_request_state(ctx: Any, params: Any) -> Answer:
    if params.request_state != "asked":
        return _ask("asked", confirm=form("Please confirm", ok="boolean"))
    return _text("state-ok")


def test_input_required_result_tampered_state(ctx: Any, params: Any) -> Answer:
    return test_input_required_result_request_state(ctx, params)


def test_input_required_result_multiple_inputs(ctx: Any, params: Any) -> Answer:
    requests = {
        "user_name": form("What is your name?", name="string"),
        "greeting": sample("Generate a greeting", 50),
        "client_roots": ListRootsRequest(),
    }
    if params.request_state != "asked" or requests.keys() - (params.input_responses or {}).keys():
        return _ask("asked", **requests)
    return _text(f"Hello, {accepted(params, 'user_name').get('name')}!")


def test_input_required_result_multi_round(ctx: Any, params: Any) -> Answer:
    if params.request_state is None:
        return _ask("first", step1=form("Step 1: What is your name?", name="string"))
    if params.request_state == "first":
        name = accepted(params, "step1").get("name")
        return _ask(f"second {name}", step2=form("Step 2: What is your favorite color?", color="string"))
    return _text(f"{params.request_state}: {accepted(params, 'step2').get('color')}")


def test_input_required_result_capabilities(ctx: Any, params: Any) -> Answer:
    can = ctx.session.client_capabilities
    requests: dict[str, Any] = {}
    if can is not None and can.sampling is not None:
        requests["question"] = sample("What is there to see?")
    if can is not None and can.elicitation is not None:
        requests["user_name"] = form("What is your name?", name="string")
    return _ask(**requests) if requests else _text("There is nobody to ask.")


def test_streaming_elicitation(ctx: Any, params: Any) -> Answer:
    return test_input_required_result_elicitation(ctx, params)

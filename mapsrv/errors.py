"""The error tree: all that mapsrv may refuse, and how each refusal reads on every surface.

An error has a code (a word for programs), an HTTP status, whether trying again may help,
and a message for the person or model that says what to do. Anything else that escapes is a bug.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping


class MapsrvError(Exception):
    """A refusal. `message` says what was expected and what to do."""

    code = "internal"
    status = 500
    temporary = False

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after  # seconds, for the Retry-After header


class MalformedJson(MapsrvError):
    """The bytes are not JSON (RFC 8259), or nest too deep."""

    code, status = "malformed_json", 400


class BadRequest(MapsrvError):
    """The request as a whole has the wrong shape."""

    code, status = "bad_request", 400


class InvalidArgument(MapsrvError):
    """One argument is wrong; the message names it, what came, and an example."""

    code, status = "invalid_argument", 422


class InvalidGeoJson(InvalidArgument):
    """The data is not GeoJSON (RFC 7946), or cannot be drawn."""

    code = "invalid_geojson"


class NotGeoJson(InvalidGeoJson):
    """It does not even say that it is GeoJSON: what it is may be no business of who asked."""


class UnknownLayer(MapsrvError):
    """No layer, style layer or feature of that id is on this map."""

    code, status = "unknown_layer", 422


class IdTaken(MapsrvError):
    """An id that must be unique in the map, or in its layer, is in use."""

    code, status = "id_taken", 422


class KeyReused(MapsrvError):
    """The idempotency key was used for another command."""

    code, status = "key_reused", 422


class OutOfDate(MapsrvError):
    """What was asked while the store was away, or lost by it, no longer fits the map."""

    code, status = "out_of_date", 409


class LimitReached(MapsrvError):
    """A bound of the map or of the server would be passed."""

    code, status = "limit_reached", 422


class NoMap(MapsrvError):
    """The call does not say on which map to act."""

    code, status = "no_map", 422


class UnknownSession(MapsrvError):
    """No map has that id."""

    code, status = "unknown_session", 404

    def __init__(
        self, message: str = "There is no map of that id. It may have been forgotten; open a new one."
    ) -> None:
        super().__init__(message)


class UnknownData(MapsrvError):
    """No stored GeoJSON has that name."""

    code, status = "unknown_data", 404


class NotFound(MapsrvError):
    """Nothing is at that address."""

    code, status = "not_found", 404


class MethodNotAllowed(MapsrvError):
    """The address is there, the method is not."""

    code, status = "method_not_allowed", 405


class Unauthorized(MapsrvError):
    """A key is needed, and what was sent is none that is known."""

    code, status = "unauthorized", 401


class Forbidden(MapsrvError):
    """Host or Origin is not one that this server answers."""

    code, status = "forbidden", 403


class NotAcceptable(MapsrvError):
    """The Accept header leaves out what the answer may come as."""

    code, status = "not_acceptable", 406


class SlowBody(MapsrvError):
    """The body did not arrive in time."""

    code, status, temporary = "slow_body", 408, True


class TooLarge(MapsrvError):
    """The body or the data is over its limit; the message says the limit and the way round."""

    code, status = "too_large", 413


class UnsupportedMediaType(MapsrvError):
    """The Content-Type is not one that this address takes."""

    code, status = "unsupported_media_type", 415


class TooMany(MapsrvError):
    """Too many of something at once; try again later."""

    code, status, temporary = "too_many", 429, True

    def __init__(
        self, message: str, *, retry_after: int | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message, retry_after=retry_after)
        self.headers = headers or {}  # of the answer: how often it may be asked for


class OverRate(TooMany):
    """One caller asks for something more often than it may."""


class Busy(MapsrvError):
    """Too much is on its way here, or the map changed under the command again and again; try again."""

    code, status, temporary = "busy", 503, True


class StoreUnavailable(MapsrvError):
    """The store cannot answer or cannot keep what was asked; nothing was changed."""

    code, status, temporary = "store_unavailable", 503, True


class NewerFormat(StoreUnavailable):
    """This map was written by a newer release, which reads it; another server will answer."""

    code = "newer_format"


class StoreAway(StoreUnavailable):
    """The store as a whole cannot answer. It says nothing about any one map."""


class StoreDamaged(StoreUnavailable):
    """One thing in the store is not what mapsrv wrote there. All else lives on."""


class Draining(MapsrvError):
    """This server is stopping; another, or the next, will serve."""

    code, status, temporary = "draining", 503, True


class StartupError(MapsrvError):
    """The server cannot start; the message is one plain sentence for stderr."""

    code, status = "cannot_start", 500


def leaves(error: BaseException) -> Iterator[BaseException]:
    """Yield the errors that a nursery's group holds, however deep; of a plain error itself."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error

"""Global ids in the inputs of mutations: a wrong one is a user error, not a fault of the request."""

from uuid import UUID

from app.platform.errors import InvalidInput
from graphql_schema.errors import BadUserInput
from graphql_schema.paging import decode_global_id


def input_id(text: str, type_name: str, *path: str) -> UUID:
    """The key in a global id of one type. Call it inside `act`. Raises: InvalidInput, for the input field at `path`."""
    try:
        decoded = decode_global_id(text, type_name)
    except BadUserInput as error:
        raise InvalidInput("invalid_id", path=path) from error
    if len(decoded.uuids) != 1:
        raise InvalidInput("invalid_id", path=path)
    return decoded.uuids[0]


def optional_input_id(text: str | None, type_name: str, *path: str) -> UUID | None:
    """The same for an input field that may be left out. Raises: InvalidInput."""
    return None if text is None else input_id(text, type_name, *path)

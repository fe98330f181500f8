"""What a request is about: its path, its query, the forms it accepts, its body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request

from prompt_kafka.lab.apiserver import protobuf
from prompt_kafka.lab.apiserver.errors import ApiError, bad_request, not_acceptable, unsupported_media_type
from prompt_kafka.lab.apiserver.store import decode

Object = dict[str, Any]
LIMIT = 3 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """The place of a resource in the URL space."""

    group: str
    version: str
    plural: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""


def parse_path(path: str) -> Target | None:
    """Read a path below ``/api`` or ``/apis``; None when it is not one of a version."""
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["api"] and len(parts) >= 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[:1] == ["apis"] and len(parts) >= 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    namespace = ""
    if (
        rest[:1] == ["namespaces"]
        and len(rest) >= 3
        and not (len(rest) == 3 and rest[2] in ("status", "finalize"))
    ):
        namespace, rest = rest[1], rest[2:]
    if len(rest) > 3:
        return None
    plural, name, subresource = [*rest, "", "", ""][:3]
    return Target(group, version, plural, namespace, name, subresource)


@dataclass(frozen=True, slots=True)
class Form:
    """The form in which an answer is wanted: plain, ``Table`` or ``PartialObjectMetadata``."""

    kind: str = ""


def negotiate(accept: str) -> Form:
    """Return the first acceptable form.

    Raises
    ------
    ApiError
        406: nothing that is spoken here is accepted.
    """
    if not accept:
        return Form()
    for part in accept.split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        values = dict(parameter.split("=", 1) for parameter in parameters if "=" in parameter)
        if media in ("*/*", "application/*"):
            return Form()
        if media != "application/json":
            continue
        wanted = values.get("as", "")
        if not wanted:
            return Form()
        known = wanted in ("Table", "PartialObjectMetadata", "PartialObjectMetadataList")
        if known and values.get("g") == "meta.k8s.io" and values.get("v") == "v1":
            return Form("Table" if wanted == "Table" else "PartialObjectMetadata")
    raise not_acceptable(["application/json"])


async def body_of(request: Request) -> bytes:
    """Return the body of a request, up to the size that the API takes."""
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > LIMIT:
        raise _too_large()
    body = await request.body()
    if len(body) > LIMIT:
        raise _too_large()
    return body


def _too_large() -> ApiError:
    return ApiError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {LIMIT}", {})


async def object_of(request: Request) -> Object:
    """Return the object in a request's body.

    Raises
    ------
    ApiError
        400 when it cannot be read, 415 when it is not JSON.
    """
    media = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    if media not in ("application/json", "*/*", "", protobuf.MEDIA):
        raise unsupported_media_type(["application/json"])
    body = await body_of(request)
    if media == protobuf.MEDIA:
        return protobuf.decode(body)
    try:
        return decode(body)
    except msgspec.ValidationError:
        raise bad_request(
            "couldn't get version/kind; json parse error: json: cannot unmarshal into an object"
        ) from None
    except msgspec.DecodeError as error:
        raise bad_request(f"couldn't get version/kind; json parse error: {error}") from None


def flag(query: Mapping[str, str], name: str) -> bool:
    """Return a boolean of the query."""
    value = query.get(name, "")
    return value.lower() not in ("", "0", "f", "false")


def number(query: Mapping[str, str], name: str) -> int | None:
    """Return a whole number of the query, None when it is not given."""
    value = query.get(name, "")
    if not value:
        return None
    try:
        return int(value)
    except ValueError:
        raise bad_request(f'strconv.ParseInt: parsing "{value}": invalid syntax') from None


def dry_run(query: Mapping[str, str]) -> bool:
    """Return whether the query asks for a dry run."""
    value = query.get("dryRun", "")
    if value not in ("", "All"):
        raise ApiError(
            422,
            "Invalid",
            f'Options.meta.k8s.io "" is invalid: dryRun: Unsupported value: "{value}": supported values: '
            '"All"',
            {},
        )
    return value == "All"

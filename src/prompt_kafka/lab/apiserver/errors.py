"""Refusals of the API, as the ``Status`` objects that clients of Kubernetes know.

Clients branch on code and reason, people read the message: both are worded as by the real API server.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cause:
    """One field that is wrong: `reason` is the API's word, `message` lacks the field's name."""

    field: str
    message: str
    reason: str = "FieldValueInvalid"
    #: For a wrong type: the one found and the one wanted.
    types: tuple[str, str] = ("", "")


class ApiError(Exception):
    """An answer other than success.

    Parameters
    ----------
    code, reason, message
        As in a ``Status``.
    details
        The ``details`` of the Status.
    headers
        Headers of the answer besides the usual ones.
    """

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: Object | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.headers = headers or {}

    def status(self) -> Object:
        """Return the Status object."""
        status: Object = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        }
        if self.details is not None:
            status["details"] = self.details
        status["code"] = self.code
        return status


def success(group: str, plural: str, name: str, uid: str) -> Object:
    """Return the Status that answers a deletion."""
    details = {"name": name, "group": group, "kind": plural, "uid": uid}
    if not group:
        del details["group"]
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def qualified(word: str, group: str) -> str:
    """Return ``deployments.apps`` for a plural or kind and its group."""
    return f"{word}.{group}" if group else word


def _details(name: str, group: str, kind: str) -> Object:
    details = {"name": name, "group": group, "kind": kind}
    return {key: value for key, value in details.items() if value}


def not_found(group: str, plural: str, name: str) -> ApiError:
    """Return the refusal for an object that is not there."""
    message = f'{qualified(plural, group)} "{name}" not found'
    return ApiError(404, "NotFound", message, _details(name, group, plural))


def no_such_resource() -> ApiError:
    """Return the refusal for a kind that is not served."""
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(group: str, plural: str, name: str) -> ApiError:
    """Return the refusal for a name that is taken."""
    message = f'{qualified(plural, group)} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, _details(name, group, plural))


STALE = "the object has been modified; please apply your changes to the latest version and try again"


def conflict(group: str, plural: str, name: str, why: str = STALE) -> ApiError:
    """Return the refusal for a write that is based on an older version."""
    message = f'Operation cannot be fulfilled on {qualified(plural, group)} "{name}": {why}'
    return ApiError(409, "Conflict", message, _details(name, group, plural))


def forbidden(group: str, plural: str, name: str, why: str, causes: Sequence[Cause] = ()) -> ApiError:
    """Return the refusal for something that no right or rule allows."""
    subject = f'{qualified(plural, group)} "{name}"' if name else qualified(plural, group)
    details = _details(name, group, plural)
    if causes:
        details["causes"] = [_cause(cause) for cause in causes]
    return ApiError(403, "Forbidden", f"{subject} is forbidden: {why}", details)


def invalid(group: str, kind: str, name: str, causes: Sequence[Cause]) -> ApiError:
    """Return the refusal for an object that breaks rules, with every field that does."""
    texts = [f"{cause.field}: {cause.message}" for cause in causes]
    text = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    details = _details(name, group, kind)
    details["causes"] = [_cause(cause) for cause in causes]
    message = f'{qualified(kind, group)} "{name}" is invalid: {text}'
    return ApiError(422, "Invalid", message, details)


def _cause(cause: Cause) -> Object:
    return {"reason": cause.reason, "message": cause.message, "field": cause.field}


def bad_request(message: str) -> ApiError:
    """Return the refusal for a request that cannot be understood."""
    return ApiError(400, "BadRequest", message)


def method_not_allowed() -> ApiError:
    """Return the refusal for a verb that a resource does not have."""
    message = "the server does not allow this method on the requested resource"
    return ApiError(405, "MethodNotAllowed", message, {})


def unsupported_media_type(accepted: Sequence[str], why: str = "") -> ApiError:
    """Return the refusal for a body in a form that is not understood."""
    message = "the body of the request was in an unknown format - accepted media types include: " + ", ".join(
        accepted
    )
    return ApiError(415, "UnsupportedMediaType", f"{message}{why}", {})


def not_acceptable(accepted: Sequence[str]) -> ApiError:
    """Return the refusal for an answer wanted in a form that is not spoken."""
    message = f"only the following media types are accepted: {', '.join(accepted)}"
    return ApiError(406, "NotAcceptable", message, {})


def expired(message: str) -> ApiError:
    """Return the refusal for a resource version that is no longer known."""
    return ApiError(410, "Expired", message)


def unauthorized() -> ApiError:
    """Return the refusal for a request without a valid token."""
    return ApiError(401, "Unauthorized", "Unauthorized")

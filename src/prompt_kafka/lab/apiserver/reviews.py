"""Access reviews: what may the caller do?

The lab has one user, its administrator, who may do everything; the answers have the shape of the real ones.
"""

from __future__ import annotations

from typing import Any

from prompt_kafka.lab.apiserver.errors import bad_request
from prompt_kafka.lab.apiserver.metadata import now
from prompt_kafka.lab.apiserver.resources import Resource

Object = dict[str, Any]
USER = {"username": "lab-admin", "groups": ["system:masters", "system:authenticated"]}


def review(resource: Resource, body: Object) -> Object:
    """Answer a review."""
    answer = {
        "kind": resource.kind,
        "apiVersion": resource.api_version,
        "metadata": {"creationTimestamp": now() if resource.plural == "selfsubjectreviews" else None},
    }
    if resource.plural == "selfsubjectreviews":
        answer["status"] = {"userInfo": USER}
        return answer
    answer["spec"] = body.get("spec") or {}
    if resource.plural == "selfsubjectrulesreviews":
        answer["status"] = {
            "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
            "incomplete": False,
        }
        return answer
    spec = answer["spec"]
    if not isinstance(spec, dict) or bool(spec.get("resourceAttributes")) == bool(
        spec.get("nonResourceAttributes")
    ):
        raise bad_request(
            "spec.resourceAttributes: exactly one of nonResourceAttributes or resourceAttributes must be "
            "specified"
        )
    answer["status"] = {"allowed": True}
    return answer

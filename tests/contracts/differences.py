"""Where the real server and the lab's answer differently, on purpose.

Every such place in the suite goes through :func:`differs`, so this table is the whole list. What the lab
does not have at all is in ``docs`` of the lab and in :data:`ABSENT`.
"""

from __future__ import annotations

from tests.contracts.servers import Api

DIFFERENCES: dict[str, str] = {
    "server-side apply": "The lab answers 415 to application/apply-patch+yaml; use merge or JSON patches.",
    "history": "The real server knows old versions until etcd is compacted; the lab the last changes.",
    "containers": "Logs, exec and rollouts need a kubelet, which the real server has not: lab only.",
    "a version that is none": "A watch from the version 'x': the real server answers 500, the lab 400.",
}

#: What a real server has and the lab's has not, beyond single answers.
ABSENT = (
    "Kinds outside the closed list (batch, autoscaling objects, admission, flow control, certificates …).",
    "Rights: the lab has one user, who may do everything; there is no 403 for a missing right.",
    "Rules in CEL (x-kubernetes-validations) and ratcheting of invalid fields that do not change.",
    "managedFields entries for the items of lists: a list counts as one field.",
    "Protobuf and CBOR answers; Protobuf bodies only of the kinds that kubectl sends so.",
    "ServiceAccounts, tokens and the volumes that the admission of a real cluster adds to pods.",
    "kubectl port-forward and attach; aggregated discovery; field schemas in OpenAPI (kubectl explain).",
)

_used: set[str] = set()


def differs(api: Api, what: str) -> bool:
    """Return whether `api` is the real server, for a difference that is in the table."""
    assert what in DIFFERENCES, f"name the difference: {what}"
    _used.add(what)
    return api.real

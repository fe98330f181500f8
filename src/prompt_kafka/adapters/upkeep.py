"""The certificates that Strimzi renews, and how full the brokers' volumes are."""

from __future__ import annotations

import base64
from concurrent.futures import Executor
from functools import partial

from prompt_kafka.clients.kinds import SECRET
from prompt_kafka.clients.kubernetes import Kubernetes, Object
from prompt_kafka.core.errors import UnreachableError
from prompt_kafka.core.upkeep import RENEWAL_DAYS, Certificate
from prompt_kafka.core.x509 import ends


def certificates(
    kubernetes: Kubernetes, kafka: Object, pods: list[Object], pool: Executor
) -> tuple[Certificate, ...]:
    """Return the certificates whose renewal restarts nodes: both authorities', and each node's.

    Only the public halves are read.

    Raises
    ------
    UnreachableError
        One of the authorities' certificates is not there, or is none.
    """
    name, namespace = kafka["metadata"]["name"], kafka["metadata"]["namespace"]
    wanted = [
        ("cluster CA", f"{name}-cluster-ca-cert", "ca.crt", "clusterCa"),
        ("clients CA", f"{name}-clients-ca-cert", "ca.crt", "clientsCa"),
        *((pod, pod, f"{pod}.crt", "clusterCa") for pod in (p["metadata"]["name"] for p in pods)),
    ]
    reads = [
        (label, authority, pool.submit(partial(_read, kubernetes, namespace, secret, key)))
        for label, secret, key, authority in wanted
    ]
    found = []
    for label, authority, read in reads:
        pem = read.result()
        spec = kafka["spec"].get(authority) or {}
        if not pem:
            if label.endswith("CA"):
                raise UnreachableError(f"the certificate of the {label} is not there")
            continue  # a node that is being made
        try:
            end = ends(pem)
        except ValueError as error:
            raise UnreachableError(f"the certificate of the {label} cannot be read: {error}") from None
        own = label.endswith("CA") and spec.get("generateCertificateAuthority") is False
        found.append(Certificate(label, end, int(spec.get("renewalDays", RENEWAL_DAYS)), unmanaged=own))
    return tuple(found)


def _read(kubernetes: Kubernetes, namespace: str, secret: str, key: str) -> str:
    data = (kubernetes.find(SECRET, secret, namespace) or {}).get("data") or {}
    return base64.b64decode(data.get(key, "")).decode("ascii", "replace")

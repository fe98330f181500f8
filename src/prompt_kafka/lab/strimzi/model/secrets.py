"""Secrets of a Kafka cluster: the two CAs, the nodes' certificates and the operators' own."""

from __future__ import annotations

import base64
import secrets as random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from prompt_kafka.lab.strimzi.model import labels, names, services, x509
from prompt_kafka.lab.strimzi.model.cluster import Cluster, Node, pod_fqdn
from prompt_kafka.lab.strimzi.model.errors import InvalidConfigurationError
from prompt_kafka.lab.strimzi.model.x509 import KeyPair

Object = dict[str, Any]

CERT_GENERATION = "strimzi.io/ca-cert-generation"
KEY_GENERATION = "strimzi.io/ca-key-generation"
FORCE_RENEW = "strimzi.io/force-renew"
FORCE_REPLACE = "strimzi.io/force-replace"


@dataclass(frozen=True, slots=True)
class Ca:
    """A certificate authority as this run uses it.

    Parameters
    ----------
    label
        What the operator calls it in events: ``cluster CA`` or ``clients CA``.
    pair
        Certificate and key.
    old
        Certificates that were replaced and are trusted still, by their key in the Secret.
    cert_generation, key_generation
        Counters of renewals and of replaced keys.
    """

    label: str
    pair: KeyPair
    old: Mapping[str, str]
    cert_generation: int
    key_generation: int


@dataclass(frozen=True, slots=True)
class CaSettings:
    """How a CA is to be kept (``spec.clusterCa``, ``spec.clientsCa``)."""

    generate: bool
    validity_days: int
    renewal_days: int
    owned: bool

    @classmethod
    def of(cls, spec: Object | None) -> CaSettings:
        """Read the settings, with the operator's defaults."""
        spec = spec or {}
        return cls(
            spec.get("generateCertificateAuthority", True),
            spec.get("validityDays", 365),
            spec.get("renewalDays", 30),
            spec.get("generateSecretOwnerReference", True),
        )


def decode(secret: Object | None, key: str) -> str | None:
    """Return one entry of a Secret as text; None when it is not there."""
    value = ((secret or {}).get("data") or {}).get(key)
    return base64.b64decode(value).decode() if value else None


def encode(value: str | bytes) -> str:
    """Return the form in which a Secret holds `value`."""
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode("ascii")


def secret(resource: Object, name: str, data: Mapping[str, str | bytes], **metadata: Any) -> Object:
    """Return a Secret that belongs to the Kafka resource."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {
            "name": name,
            "namespace": resource["metadata"]["namespace"],
            "labels": labels.kafka(resource),
            "ownerReferences": [labels.owner(resource)],
            **metadata,
        },
        "data": {key: encode(value) for key, value in data.items()},
    }


def reconcile_ca(
    resource: Object, label: str, settings: CaSettings, live: Mapping[str, Object], now: datetime
) -> tuple[Ca, list[Object]]:
    """Return a CA and the Secrets that hold it: kept, renewed or made.

    Parameters
    ----------
    label
        ``cluster CA`` or ``clients CA``.
    live
        Secrets by name.

    Raises
    ------
    InvalidConfigurationError
        The administrator keeps the CA and its Secrets are not there.
    """
    cluster = resource["metadata"]["name"]
    key_name = names.cluster_ca(cluster) if label == "cluster CA" else names.clients_ca(cluster)
    key_secret, cert_secret = live.get(key_name), live.get(f"{key_name}-cert")
    key, certificate = decode(key_secret, "ca.key"), decode(cert_secret, "ca.crt")
    generations = (_count(cert_secret, CERT_GENERATION), _count(key_secret, KEY_GENERATION))
    old = {
        entry: text
        for entry in (cert_secret or {}).get("data") or {}
        if entry.startswith("ca-") and entry.endswith(".crt") and (text := decode(cert_secret, entry))
    }
    if not settings.generate:
        if key is None or certificate is None:
            raise InvalidConfigurationError(
                f"{label.capitalize()} should not be generated, but the secrets were not found."
            )
        return Ca(label, KeyPair(certificate, key), old, *generations), []
    common_name = label.replace(" ", "-").lower() + " v"
    old = {entry: text for entry, text in old.items() if x509.expires(text) > now}
    if key is None or certificate is None:
        pair = x509.make_ca(f"{common_name}{generations[1]}", now, settings.validity_days)
    elif key_secret and labels.flag(key_secret, FORCE_REPLACE):
        generations = generations[0] + 1, generations[1] + 1
        stamp = x509.expires(certificate).strftime("%Y-%m-%dT%H-%M-%SZ")
        old[f"ca-{stamp}.crt"] = certificate
        pair = x509.make_ca(f"{common_name}{generations[1]}", now, settings.validity_days)
    elif (cert_secret and labels.flag(cert_secret, FORCE_RENEW)) or (
        x509.expires(certificate) < now + timedelta(days=settings.renewal_days)
    ):
        generations = generations[0] + 1, generations[1]
        pair = x509.make_ca(f"{common_name}{generations[1]}", now, settings.validity_days, key=key)
    else:
        pair = KeyPair(certificate, key)
    ca = Ca(label, pair, old, *generations)
    return ca, _ca_secrets(resource, key_name, ca, cert_secret, settings.owned)


def _ca_secrets(resource: Object, name: str, ca: Ca, live: Object | None, owned: bool) -> list[Object]:
    data: dict[str, str | bytes] = {"ca.crt": ca.pair.certificate, **ca.old}
    if live and decode(live, "ca.crt") == ca.pair.certificate and "ca.p12" in live["data"]:
        data["ca.p12"] = base64.b64decode(live["data"]["ca.p12"])
        data["ca.password"] = decode(live, "ca.password") or ""
    else:
        password = decode(live, "ca.password") or random.token_urlsafe(9)
        data["ca.p12"], data["ca.password"] = x509.trust_store(ca.pair.certificate, password), password
    made = [
        secret(resource, f"{name}-cert", data, annotations={CERT_GENERATION: str(ca.cert_generation)}),
        secret(resource, name, {"ca.key": ca.pair.key}, annotations={KEY_GENERATION: str(ca.key_generation)}),
    ]
    if not owned:
        for entry in made:
            del entry["metadata"]["ownerReferences"]
    return made


def _count(live: Object | None, annotation: str) -> int:
    annotations = ((live or {}).get("metadata") or {}).get("annotations") or {}
    return int(annotations.get(annotation, 0))


def kept(live: Object | None, stem: str, ca: Ca, wanted: Iterable[str], now: datetime) -> KeyPair | None:
    """Return the certificate in a Secret when it may stay: right CA, right names, not about to end."""
    certificate, key = decode(live, f"{stem}.crt"), decode(live, f"{stem}.key")
    if certificate is None or key is None or not x509.signed_by(certificate, ca.pair.certificate):
        return None
    if x509.names_of(certificate) != frozenset(wanted) or x509.expires(certificate) < now + timedelta(
        days=30
    ):
        return None
    return KeyPair(certificate, key)


def node_names(
    cluster: Cluster, node: Node, live_services: Mapping[str, Object]
) -> tuple[set[str], set[str]]:
    """Return the DNS names and the addresses that a node's certificate is good for."""
    namespace = cluster.namespace
    dns: set[str] = set()
    fqdn = pod_fqdn(cluster, node)
    dns |= {fqdn, f"{fqdn}.cluster.local"}
    for service in (names.brokers_service(cluster.name), names.bootstrap_service(cluster.name)):
        dns |= {service, f"{service}.{namespace}", f"{service}.{namespace}.svc"}
        dns.add(f"{service}.{namespace}.svc.cluster.local")
    addresses: set[str] = set()
    if not node.broker:
        return dns, addresses
    for listener in cluster.listeners:
        configuration = listener.get("configuration") or {}
        bootstrap = configuration.get("bootstrap") or {}
        found = list(bootstrap.get("alternativeNames") or ())
        if bootstrap.get("loadBalancerIP"):
            found.append(bootstrap["loadBalancerIP"])
        found += [
            broker["advertisedHost"]
            for broker in configuration.get("brokers") or ()
            if broker.get("broker") == node.id and broker.get("advertisedHost")
        ]
        if listener["type"] != "internal":
            own = (
                names.external_bootstrap_service(cluster.name, listener),
                services.broker_service(cluster, listener, node),
            )
            for name in own:
                found += [f"{name}.{namespace}.svc", *services.ingress(live_services.get(name))]
        for name in found:
            (addresses if _is_address(name) else dns).add(name)
    return dns, addresses


def _is_address(text: str) -> bool:
    return text.replace(".", "").isdigit() or ":" in text

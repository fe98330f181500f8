"""Vault and its operator: every VaultSecret becomes a Secret.

The lab's Vault is a set of Secrets in ``kube-system``, one for each Vault path, so it is durable and can be
edited like the real one (a new key, a changed password). What ``secrets.yaml`` of an application lists in Git
and Vault lacks is generated once and kept; a key that Git does not list is for a person to add, as in
production. Nothing here is ever logged but names of keys.
"""

from __future__ import annotations

import base64
import logging
import re
import secrets as random
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from prompt_kafka.clients import documents
from prompt_kafka.clients.kinds import APPLICATION, SECRET, USER, VAULT_SECRET
from prompt_kafka.clients.kubernetes import Conflict, Kubernetes, NotFound, Object
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.lab import git
from prompt_kafka.lab.controller import Controller, owner_reference
from prompt_kafka.lab.informer import Informer, Key, key_of

log = logging.getLogger(__name__)

VAULT_NAMESPACE = "kube-system"
VAULT_LABEL = "lab.prompt-kafka/vault"
VAULT_PATH = "lab.prompt-kafka/vault-path"
_INSTANCE = "argocd.argoproj.io/instance"
_SECRETIVE = re.compile(r"password|token|secret|passwd")

Entries = Mapping[str, Mapping[str, Any]]


def vault_name(path: str) -> str:
    """Return the name of the Secret that holds a Vault path."""
    return "vault-" + re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")


def listed(*texts: str) -> dict[str, dict[str, Any]]:
    """Read ``secrets.yaml`` and what an environment puts over it, key by key."""
    found: dict[str, dict[str, Any]] = {}
    for text in texts:
        for key, entry in documents.parse(text).items():
            found[key] = {**found.get(key, {}), **(entry or {})}
    return found


def value_for(key: str, entry: Mapping[str, Any], now: datetime) -> str:
    """Return a first value for a key: literal, generated, or a placeholder that says what it is."""
    if entry.get("value") is not None:
        return str(entry["value"])
    how = (entry.get("generate") or {}).get("type")
    if how == "fernet-key":
        return base64.urlsafe_b64encode(random.token_bytes(32)).decode()
    if how == "gafaelfawr-token":
        return f"gt-{random.token_urlsafe(16)}.{random.token_urlsafe(16)}"
    if how == "mtime":
        return now.isoformat()
    if how == "password" or (how is None and _SECRETIVE.search(key)):
        return random.token_urlsafe(32)
    return f"lab-placeholder-for-{key}"


def missing(entries: Entries, vault: Mapping[str, str], now: datetime) -> dict[str, str]:
    """Return the values, in base 64, of the keys that Git lists and Vault lacks."""
    return {
        key: base64.b64encode(value_for(key, entry, now).encode()).decode()
        for key, entry in entries.items()
        if key not in vault
    }


def wanted_secret(vault_secret: Object, vault: Mapping[str, str]) -> Object:
    """Return the Secret that a VaultSecret stands for.

    Parameters
    ----------
    vault_secret
        The VaultSecret; without ``spec.keys`` all keys are copied, and keys that Vault lacks are left out.
    vault
        The path's keys and values in base 64.
    """
    spec, metadata = vault_secret["spec"], vault_secret["metadata"]
    keys = spec.get("keys")
    data = {key: value for key, value in vault.items() if not keys or key in keys}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "labels": {**(metadata.get("labels") or {}), "created-by": "vault-secrets-operator"},
            "ownerReferences": [owner_reference(vault_secret)],
        },
        "type": spec.get("type") or "Opaque",
        "data": data,
    }


class VaultSecrets:
    """The operator.

    Parameters
    ----------
    kubernetes
        The API.
    environment
        Whose ``secrets-<environment>.yaml`` counts besides ``secrets.yaml``.
    """

    def __init__(self, kubernetes: Kubernetes, environment: str, *, clock: Clock = SYSTEM) -> None:
        self._kubernetes = kubernetes
        self._environment = environment
        self._clock = clock
        self._wanted = Informer(kubernetes, VAULT_SECRET, clock=clock)
        self._applications = Informer(kubernetes, APPLICATION, clock=clock)
        self._vault = Informer(kubernetes, SECRET, VAULT_NAMESPACE, labels=VAULT_LABEL, clock=clock)
        self._made = Informer(kubernetes, SECRET, labels="created-by=vault-secrets-operator", clock=clock)
        self._users = Informer(kubernetes, USER, clock=clock)
        self._controller = Controller("vault-secrets", self._reconcile, clock=clock)
        self._entries: dict[tuple[str, str, str], Entries] = {}

    def start(self) -> None:
        """Begin to act."""
        self._wanted.on_change(self._controller.enqueue)
        self._made.on_change(self._controller.enqueue_owner("VaultSecret"))
        self._applications.on_change(self._ask(lambda obj, each: _owner(each) == obj["metadata"]["name"]))
        self._vault.on_change(
            self._ask(lambda obj, each: vault_name(each["spec"]["path"]) == obj["metadata"]["name"])
        )
        self._users.on_change(
            self._ask(lambda obj, each: obj["metadata"].get("namespace") == each["metadata"].get("namespace"))
        )
        for informer in (self._wanted, self._applications, self._vault, self._made, self._users):
            informer.start()
        self._controller.start()

    def stop(self) -> None:
        """Stop."""
        self._controller.stop()
        for informer in (self._wanted, self._applications, self._vault, self._made, self._users):
            informer.stop()

    def _ask(self, concerns: Callable[[Object, Object], bool]) -> Callable[[str, Object], None]:
        def listener(_event: str, obj: Object) -> None:
            for each in self._wanted.items():
                if concerns(obj, each):
                    self._controller.add(key_of(each))

        return listener

    def _reconcile(self, key: Key) -> float | None:
        vault_secret = self._wanted.get(*key)
        if vault_secret is None or vault_secret["metadata"].get("deletionTimestamp"):
            return None
        try:
            vault = self._vault_data(vault_secret)
        except PromptKafkaError as error:
            self._report(vault_secret, "FetchFailed", error.what)
            return 1.0
        if vault is None:
            path = vault_secret["spec"]["path"]
            self._report(
                vault_secret, "FetchFailed", f"Vault has nothing at {path}, and no secrets.yaml lists it"
            )
            return 1.0
        reason = self._write(wanted_secret(vault_secret, vault))
        if reason is not None:
            self._report(vault_secret, reason, f"Secret was {reason.lower()}")
        return None

    def _vault_data(self, vault_secret: Object) -> dict[str, str] | None:
        """Return the keys of a VaultSecret's path, after generating those that only Git has."""
        path = vault_secret["spec"]["path"]
        name = vault_name(path)
        stored = self._kubernetes.find(SECRET, name, VAULT_NAMESPACE)
        entries = {**self._used_by_users(vault_secret), **self._listed_in_git(vault_secret)}
        if stored is None and not entries:
            return None
        has: dict[str, str] = dict((stored or {}).get("data") or {})
        new = missing(entries, has, self._clock.now())
        if new:
            log.info("Vault path %s: generated %s", path, ", ".join(sorted(new)))
            if stored is None:
                self._kubernetes.create(_vault_secret(name, path, new))
            else:
                self._kubernetes.patch(SECRET, name, VAULT_NAMESPACE, {"data": new})
        return {**has, **new}

    def _listed_in_git(self, vault_secret: Object) -> Entries:
        application = self._application(vault_secret)
        if application is None:
            return {}
        spec = application["spec"]
        source = (spec.get("sources") or [spec.get("source") or {}])[0]
        directory = git.local(str(source.get("repoURL") or ""))
        if directory is None:
            return {}
        commit = git.resolve(directory, str(source.get("targetRevision") or ""))
        name = vault_secret["spec"]["path"].rstrip("/").rpartition("/")[2]
        key = (str(directory), commit, name)
        if key not in self._entries:
            folder = f"applications/{name}"
            files = (f"{folder}/secrets.yaml", f"{folder}/secrets-{self._environment}.yaml")
            self._entries[key] = listed(*(text for each in files if (text := _file(directory, commit, each))))
        return self._entries[key]

    def _used_by_users(self, vault_secret: Object) -> Entries:
        """Return the keys that KafkaUsers read from the Secret, listed in Git or not.

        At a real site somebody put them into Vault by hand; a lab made from that site's charts must come up
        all the same.
        """
        metadata = vault_secret["metadata"]
        found = {}
        for user in self._users.items(metadata["namespace"]):
            password = (user["spec"].get("authentication") or {}).get("password") or {}
            reference = (password.get("valueFrom") or {}).get("secretKeyRef") or {}
            if reference.get("name") == metadata["name"] and reference.get("key"):
                found[reference["key"]] = {"description": f"used by KafkaUser {user['metadata']['name']}"}
        return found

    def _application(self, vault_secret: Object) -> Object | None:
        name = _owner(vault_secret)
        return next((each for each in self._applications.items() if each["metadata"]["name"] == name), None)

    def _write(self, secret: Object) -> str | None:
        """Create or update the Secret; return what was done to it."""
        metadata = secret["metadata"]
        live = self._kubernetes.find(SECRET, metadata["name"], metadata["namespace"])
        if live is None:
            self._kubernetes.create(secret)
            return "Created"
        old = live["metadata"]
        labels = {**(old.get("labels") or {}), **metadata["labels"]}
        if live.get("data") == secret["data"] and labels == old.get("labels") and old.get("ownerReferences"):
            return None
        references = metadata["ownerReferences"]
        changed = {**live, "data": secret["data"]}
        changed["metadata"] = {**old, "labels": labels, "ownerReferences": references}
        self._kubernetes.replace(changed)
        return "Updated"

    def _report(self, vault_secret: Object, reason: str, message: str) -> None:
        conditions = (vault_secret.get("status") or {}).get("conditions") or []
        good = reason in ("Created", "Updated")
        entry = {
            "type": "SecretCreated",
            "status": "True" if good else "False",
            "reason": reason,
            "message": message,
            "lastTransitionTime": self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        before: Object = next((each for each in conditions if each.get("type") == "SecretCreated"), {})
        if before.get("reason") == reason and before.get("message") == message:
            return
        metadata = vault_secret["metadata"]
        body = {"status": {"conditions": [entry]}}
        try:
            self._kubernetes.patch(
                VAULT_SECRET, metadata["name"], metadata["namespace"], body, subresource="status"
            )
        except (NotFound, Conflict):
            pass


def _vault_secret(name: str, path: str, data: Mapping[str, str]) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": VAULT_NAMESPACE,
            "labels": {VAULT_LABEL: "true"},
            "annotations": {VAULT_PATH: path},
        },
        "type": "Opaque",
        "data": dict(data),
    }


def _owner(vault_secret: Object) -> str:
    labels = vault_secret["metadata"].get("labels") or {}
    return str(labels.get(_INSTANCE) or "")


def _file(directory: Any, commit: str, path: str) -> str:
    try:
        return git.git("show", f"{commit}:{path}", directory=directory)
    except git.GitError:
        return ""

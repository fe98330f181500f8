"""*Reproduce Service*: an environment like another one, in files that ``lab up`` and Argo CD can bring up.

What is the source's own is found by rule, asked for by ``--set`` or marked, never silently copied. What comes
of it is rendered and judged before anything is committed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from prompt_kafka.core.changes import FileChange
from prompt_kafka.core.delivery import GitState
from prompt_kafka.core.environments import EnvironmentRenders
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.request_tree import EnvironmentRequest
from prompt_kafka.core.world import Look, World
from prompt_kafka.procedures import delivery, git_guards, guards
from prompt_kafka.procedures import environment_guards as rules
from prompt_kafka.procedures.environment_files import (
    LOOKS,
    Copied,
    applications_of,
    copied,
    files_of,
    mentions,
    switches,
)
from prompt_kafka.procedures.rendered import Manifest
from prompt_kafka.procedures.table import Means

NEEDS: Mapping[str, str] = {
    "GafaelfawrIngress": "gafaelfawr",
    "VaultSecret": "vault-secrets-operator",
    "Ingress": "ingress-nginx",
    "Certificate": "cert-manager",
    "ScaledJob": "keda",
    "ScaledObject": "keda",
    "StrimziSchemaRegistry": "strimzi-registry-operator",
}
"""Which application answers to a kind of object, where the source has it on."""


def needs_to_see(request: EnvironmentRequest) -> frozenset[Look]:
    """Return what must be in the World."""
    return LOOKS


def plan(request: EnvironmentRequest, world: World, means: Means) -> Plan:
    """Plan a new environment.

    Raises
    ------
    RefusedError
        By the rules of :mod:`~prompt_kafka.procedures.environment_guards`, and ``cannot-edit``.
    UsageError
        A setting names no value.
    RenderError
        What was written does not render.
    """
    guards.seen(world, ("Git", world.git))
    git = world.git.known
    assert git is not None
    name, source = request.name, request.source
    rules.legal(name)
    rules.there(git, source)
    git_guards.clean(git)
    applications = _applications(request, git, means)
    made = copied(git.files, source, name, applications, request.settings)
    summary = f"create environment {name} like {source}"
    changed = {path: text for path, text in made.files.items() if git.files.get(path) != text}
    again = not any(path in changed for path in files_of(made.files, name))
    if not again:
        rules.not_taken(git, name)
    rules.addresses_are_free(git, name, made, applications)
    rendered = means.whole(name, {} if again else made.files, applications)
    rules.nothing_copied(git, source, name, made, rendered)
    if again:
        because = f"{name} is on {git.branch} already, and {_count(rendered)}"
        return Plan("environment create", world.target, summary, nothing_because=because)
    changes = tuple(FileChange(path, git.files.get(path), text) for path, text in sorted(changed.items()))
    message = f"Create environment {name}\n\nLike {source}; what is still to be filled in says so."
    step = delivery.commit(git, message, changes)
    proof = EnvironmentRenders(git.branch, name, applications)
    return Plan(
        procedure="environment create",
        target=world.target,
        summary=summary,
        steps=(replace(step, proof=(*step.proof, proof)),),
        notes=tuple(_notes(request, git, made, applications, rendered)),
    )


def _applications(request: EnvironmentRequest, git: GitState, means: Means) -> tuple[str, ...]:
    """Return the applications of the new environment: the service's, what they need, what is always on."""
    on = applications_of(git.files, request.source)
    service = (means.environment.application, means.environment.operator_application)
    rules.on_in_source(git, request.source, (means.environment.application, *request.applications))
    usual, _ = switches(git.files, request.source)
    chosen = {each for each in (*service, *request.applications) if each in on}
    kinds = {
        str(manifest["kind"])
        for manifests in means.whole(request.source, {}, sorted(chosen)).values()
        for manifest in manifests
    }
    chosen |= {NEEDS[kind] for kind in kinds & NEEDS.keys() if NEEDS[kind] in on}
    chosen |= {each for each in on if usual.get(each)}
    return tuple(sorted(chosen))


def _count(rendered: Mapping[str, tuple[Manifest, ...]]) -> str:
    objects = sum(len(each) for each in rendered.values())
    return f"{len(rendered) - 1} applications render {objects} objects"


def _notes(
    request: EnvironmentRequest,
    git: GitState,
    made: Copied,
    applications: tuple[str, ...],
    rendered: Mapping[str, tuple[Manifest, ...]],
) -> Iterator[str]:
    name = request.name
    yield f"{_count(rendered)}, none with a value of {request.source}'s own"
    left = [each for each in applications_of(git.files, request.source) if each not in applications]
    if left:
        yield f"not brought: {', '.join(left)}; --application brings one"
    if made.blank:
        yield f"{len(made.blank)} values are blank and marked TODO(environment {name}):"
    for each in made.blank:
        yield f"--set {_short(each.setting)}=…  ({each.what})"
    elsewhere = [
        path
        for path in mentions(git.files, request.source)
        if not re.match(r"applications/|environments/", path)
    ]
    if elsewhere:
        yield f"{request.source} is named in {', '.join(elsewhere)} too: see whether {name} belongs there"
    yield f"passwords: put the secrets of {', '.join(applications)} under its path in Vault before a sync"
    lab = name[:32].strip("-")
    yield f"try it, in a checkout that has it: prompt-kafka lab up --environment {name} --repo . --name {lab}"
    yield f"service.yaml: add an entry for {name} with its context, before commands can mean it"


def _short(setting: str) -> str:
    return f"'{setting}'" if re.search(r"[^\w:./-]", setting) else setting

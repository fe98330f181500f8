"""The lab's Kubernetes API server.

Administrators, the runbook and the lab's own controllers speak to the lab through the same protocol as to
production, so no code outside the lab has to ask where it is. It serves a closed list of kinds and whatever
custom resources are defined in it, over HTTPS on loopback, from one SQLite file. What it leaves out is
listed in ``tests/contracts``, which runs one suite against it and against a real kube-apiserver.

``python -m prompt_kafka.lab.apiserver --state DIR`` serves; :func:`prepare` makes the certificates and the
kubeconfig that clients need, also before the server runs.
"""

from __future__ import annotations

from prompt_kafka.lab.apiserver.pki import prepare

__all__ = ["prepare"]

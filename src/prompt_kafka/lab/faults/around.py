"""Faults of what surrounds Kafka: names, Git, Slack, the operator."""

from __future__ import annotations

from pathlib import Path

from prompt_kafka.clients.kinds import DEPLOYMENT, KAFKA, SECRET
from prompt_kafka.core.errors import UsageError
from prompt_kafka.lab.faults.order import Act, Done, Order
from prompt_kafka.lab.faults.scene import Scene
from prompt_kafka.lab.kubelet.addresses import DNS_LATE
from prompt_kafka.lab.standing import Standing
from prompt_kafka.lab.strimzi.model import names, x509
from prompt_kafka.lab.strimzi.model.secrets import decode, encode

OPERATOR, OPERATOR_DOWN = "strimzi-cluster-operator", "operator-down"
GIT_REFUSE = "git-refuse"
CERTIFICATE_SOON, SOON_DAYS = "certificate-soon", 35
KUBELET_PATIENCE = 5.0
_HOOK = """\
#!/bin/sh
echo "error: this repository refuses every push (fault git-refuse of the lab)" >&2
exit 1
"""


def dns_late(scene: Scene, _order: Order) -> Done:
    """Have the kubelet take all names out of the hosts file."""
    scene.standing.add(DNS_LATE)
    _await_names(scene, there=False)
    return Done(("the names of pods and Services",))


def dns_there(scene: Scene, fault: Standing) -> None:
    """Have the names written again."""
    scene.standing.remove(fault)
    _await_names(scene, there=True)


def git_refuse(scene: Scene, _order: Order) -> Done:
    """Have the repository refuse pushes; everything else goes on."""
    hook = _hook(scene)
    hook.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    hook.write_text(_HOOK)
    hook.chmod(0o700)
    scene.standing.add(GIT_REFUSE)
    return Done((str(scene.state.git),))


def git_accept(scene: Scene, _fault: Standing) -> None:
    """Let pushes in again."""
    _hook(scene).unlink(missing_ok=True)


def slack(name: str) -> Act:
    """Return what has the lab's Slack answer so; its process reads it with every call."""

    def act(scene: Scene, order: Order) -> Done:
        scene.standing.add(name, *order.targets)
        return Done(("Slack",))

    return act


def slack_rate_limit(scene: Scene, order: Order) -> Done:
    """Have Slack say when to come again."""
    if order.targets and not order.targets[0].isdigit():
        raise UsageError(
            f"{order.targets[0]!r} is no number of seconds", next="lab faults slack-rate-limit 30"
        )
    scene.standing.add("slack-rate-limit", *order.targets)
    return Done(("Slack",))


def operator_down(scene: Scene, _order: Order) -> Done:
    """Scale the operator's Deployments to nothing."""
    hit = []
    for found in scene.kubernetes.list(DEPLOYMENT):
        name, namespace = found["metadata"]["name"], found["metadata"]["namespace"]
        replicas = int(found["spec"].get("replicas", 1))
        if name == OPERATOR and replicas:
            scene.kubernetes.patch(DEPLOYMENT, name, namespace, {"spec": {"replicas": 0}})
            scene.standing.add(OPERATOR_DOWN, f"{namespace}/{name}", replicas=replicas)
            hit.append(f"{namespace}/{name}")
    if not hit:
        raise UsageError(
            "no operator is deployed, or it is down already", next="prompt-kafka lab faults list"
        )
    return Done(tuple(hit))


def is_operator_down(scene: Scene, fault: Standing) -> bool:
    """Return whether the operator is still scaled to nothing."""
    namespace, _, name = fault.target.partition("/")
    found = scene.kubernetes.find(DEPLOYMENT, name, namespace)
    return found is not None and found["spec"].get("replicas") == 0


def operator_up(scene: Scene, fault: Standing) -> None:
    """Scale the operator up again, unless somebody has."""
    if is_operator_down(scene, fault):
        namespace, _, name = fault.target.partition("/")
        replicas = int(fault.details.get("replicas", 1))
        scene.kubernetes.patch(DEPLOYMENT, name, namespace, {"spec": {"replicas": replicas}})


def certificate_soon(scene: Scene, order: Order) -> Done:
    """Give the cluster CA a certificate that ends soon, for the key it has."""
    days = int(order.targets[0]) if order.targets and order.targets[0].isdigit() else SOON_DAYS
    hit = []
    for kafka in scene.kubernetes.list(KAFKA):
        namespace, name = kafka["metadata"]["namespace"], names.cluster_ca(kafka["metadata"]["name"])
        certificate, key = (scene.kubernetes.find(SECRET, each, namespace) for each in (f"{name}-cert", name))
        text, private = decode(certificate, "ca.crt"), decode(key, "ca.key")
        if text is None or private is None:
            continue
        soon = x509.make_ca(x509.common_name(text), scene.clock.now(), days, key=private).certificate
        _write_ca(scene, f"{namespace}/{name}-cert", soon)
        scene.standing.add(CERTIFICATE_SOON, f"{namespace}/{name}-cert", was=text, soon=soon)
        hit.append(f"{namespace}/{name}-cert, {days} days")
    if not hit:
        raise UsageError("there is no cluster CA yet", next="prompt-kafka status")
    return Done(tuple(hit))


def ends_soon(scene: Scene, fault: Standing) -> bool:
    """Return whether the CA still has the certificate that it was given."""
    namespace, _, name = fault.target.partition("/")
    return decode(scene.kubernetes.find(SECRET, name, namespace), "ca.crt") == fault.details.get("soon")


def ends_late(scene: Scene, fault: Standing) -> None:
    """Give the CA its old certificate back, unless it was renewed."""
    if ends_soon(scene, fault) and fault.details.get("was"):
        _write_ca(scene, fault.target, fault.details["was"])


def _write_ca(scene: Scene, secret: str, certificate: str) -> None:
    namespace, _, name = secret.partition("/")
    password = decode(scene.kubernetes.get(SECRET, name, namespace), "ca.password") or ""
    data = {"ca.crt": encode(certificate), "ca.p12": encode(x509.trust_store(certificate, password))}
    scene.kubernetes.patch(SECRET, name, namespace, {"data": data})


def _hook(scene: Scene) -> Path:
    return scene.state.git / "hooks" / "pre-receive"


def _await_names(scene: Scene, *, there: bool) -> None:
    if not scene.running():
        return

    def written() -> bool:
        return (".svc" in scene.state.hosts.read_text()) is there

    scene.clock.wait_until(written, KUBELET_PATIENCE)

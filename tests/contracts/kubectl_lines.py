"""The kubectl lines that an administrator of this service uses: the committed list.

They run in this order against one namespace, whose name is put for ``{ns}``; what stands beside a line must
be in its output. ``kubectl port-forward`` is not among them: it tunnels SPDY, which the lab does not speak.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.contracts.servers import Object


@dataclass(frozen=True)
class Line:
    """One line: `said` must be printed, `stdin` is its input, `code` its exit code."""

    text: str
    said: tuple[str, ...]
    stdin: Object | str | None = None
    code: int = 0
    #: Needs a running container, which the real server has not without a kubelet.
    container: bool = False


def _applied(replicas: int, **more: int) -> Object:
    return {
        "apiVersion": "contracts.example.org/v1",
        "kind": "Widget",
        "metadata": {"name": "applied", "annotations": {"note": "a"}},
        "spec": {"size": 1, "replicas": replicas, "listeners": [{"port": 9092, "tls": True}], **more},
    }


def _deployment(image: str) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "made"},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "made"}},
            "template": {
                "metadata": {"labels": {"app": "made"}},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
        },
    }


LINES: tuple[Line, ...] = (
    # Look
    Line("version", ("Server Version: v1.34.",)),
    Line("get --raw /readyz", ("ok",)),
    Line("api-resources --api-group=contracts.example.org", ("widgets", "wd", "Gadget")),
    Line("api-versions", ("contracts.example.org/v1\n", "events.k8s.io/v1\n")),
    Line("get pods", ("NAME", "READY", "one", "1/1", "Running")),
    Line("get pods -A", ("NAMESPACE", "{ns}")),
    Line("get pods -o wide", ("127.64.0.1", "some-node")),
    Line("get pod one -o yaml", ("kind: Pod", "podIP: 127.64.0.1")),
    Line("get pod one -o json", ('"phase": "Running"',)),
    Line("get pod one -o jsonpath={.status.podIP}", ("127.64.0.1",)),
    Line("get pods -o name --field-selector=status.phase=Running", ("pod/one",)),
    Line("get pods -l app=one --show-labels", ("app=one",)),
    Line("get widgets,pods,services", ("widget.contracts.example.org/one", "pod/one")),
    Line("get wd one -o wide", ("MODE", "safe")),
    Line("get widget one -o custom-columns=N:.metadata.name,S:.spec.size", ("one", "1")),
    Line("get contracts", ("NAME", "one")),
    Line("get widgets.v1beta2.contracts.example.org one -o yaml", ("contracts.example.org/v1beta2",)),
    Line("get pods none", ('Error from server (NotFound): pods "none" not found',), code=1),
    Line("get nothings", ("the server doesn't have a resource type",), code=1),
    Line("get all", ("pod/one", "deployment.apps/dep")),
    Line("describe pod one", ("Name:", "Status:", "Running", "SomethingHappened", "it happened")),
    Line("describe widget one", ("Kind:", "Widget", "Spec:")),
    Line("describe deployment dep", ("Replicas:", "0 desired")),
    Line("get events", ("SomethingHappened", "pod/one")),
    Line("events", ("SomethingHappened", "Pod/one")),
    Line("events --for pod/one", ("it happened",)),
    Line("get pod one -o yaml --show-managed-fields", ("manager: contracts",)),
    # Change
    Line("annotate pod one strimzi.io/manual-rolling-update=true", ("pod/one annotated",)),
    Line("annotate pod one strimzi.io/manual-rolling-update=false", ("--overwrite is false",), code=1),
    Line("annotate pod one strimzi.io/manual-rolling-update-", ("pod/one annotated",)),
    Line("annotate widget one strimzi.io/pause-reconciliation=true --overwrite", ("one annotated",)),
    Line("label pod one tier=kafka", ("pod/one labeled",)),
    Line(
        """patch widget one --type=merge -p {"spec":{"size":5}}""",
        ("widget.contracts.example.org/one patched",),
    ),
    Line("""patch widget one --type=merge -p {"spec":{"size":5}}""", ("patched (no change)",)),
    Line(
        """patch widget one --type=json -p [{"op":"replace","path":"/spec/size","value":6}]""", ("patched",)
    ),
    Line("""patch widget one --subresource=status --type=merge -p {"status":{"replicas":2}}""", ("patched",)),
    Line("""patch widget one --type=merge -p {"spec":{"size":"x"}}""", ("must be of type integer",), code=1),
    Line("""patch deployment dep -p {"spec":{"minReadySeconds":5}}""", ("deployment.apps/dep patched",)),
    Line("apply -f -", ("applied created",), stdin=_applied(1)),
    Line("apply -f -", ("applied unchanged",), stdin=_applied(1)),
    Line("diff -f -", ("-  replicas: 1", "+  replicas: 2"), stdin=_applied(2), code=1),
    Line("diff -f -", ("",), stdin=_applied(1)),
    Line("apply -f - --dry-run=server", ("configured (server dry run)",), stdin=_applied(2)),
    Line("apply -f -", ("applied configured",), stdin=_applied(2)),
    Line("get widget applied -o jsonpath={.spec.replicas}", ("2",)),
    Line(
        "apply -f -",
        ('unknown field "spec.nothing"',),
        stdin={**_applied(2), "spec": {"size": 1, "nothing": 1}},
        code=1,
    ),
    Line("apply -f -", ("made created",), stdin=_deployment("x:1")),
    Line("apply -f -", ("made unchanged",), stdin=_deployment("x:1")),
    Line("apply -f -", ("made configured",), stdin=_deployment("x:2")),
    Line("replace -f -", ("applied replaced",), stdin=_applied(3)),
    Line("edit widget applied", ("Edit cancelled, no changes made",)),
    Line("create configmap settings --from-literal=a=b", ("configmap/settings created",)),
    Line("create secret generic password --from-literal=p=w", ("secret/password created",)),
    Line("get secret password -o jsonpath={.data.p}", ("dw==",)),
    Line("create configmap settings", ("already exists",), code=1),
    Line("scale deployment dep --replicas=0", ("deployment.apps/dep scaled",)),
    Line("scale widget one --replicas=4", ("one scaled",)),
    Line("set image deployment/made main=x:3", ("made image updated",)),
    Line("rollout restart deployment/made", ("deployment.apps/made restarted",)),
    Line("auth can-i delete pods", ("yes",)),
    Line("auth can-i --list", ("*.*",)),
    Line("auth whoami", ("system:masters",)),
    Line("wait --for=condition=Ready pod/one --timeout=5s", ("pod/one condition met",)),
    Line("wait --for=jsonpath={.status.phase}=Running pod/one --timeout=5s", ("pod/one condition met",)),
    Line("wait --for=jsonpath={.spec.size}=99 widget/one --timeout=1s", ("timed out waiting",), code=1),
    # Containers
    Line("logs one", ("first line", "second line", "last line"), container=True),
    Line("logs one --tail=1", ("last line",), container=True),
    Line("logs one -c main --since=1h", ("last line",), container=True),
    Line("logs one --previous", ("line before the restart",), container=True),
    Line("logs one -c none", ("container none is not valid for pod one",), code=1, container=True),
    Line("logs -l app=one --prefix", ("[pod/one/main]",), container=True),
    Line("exec one -- /bin/sh -c pwd;echo$IFS$GREETING", ("rootfs", "hello"), container=True),
    Line("exec -i one -- cat", ("from outside",), stdin="from outside", container=True),
    Line("exec one -- /bin/sh -c exit$IFS'3'", ("exit code 3",), code=3, container=True),
    Line("exec one -c main -- /bin/ls none", ("none",), code=2, container=True),
    # Delete
    Line("delete configmap settings", ('configmap "settings" deleted',)),
    Line("delete widget applied --cascade=orphan --wait=false", ("deleted",)),
    Line("delete pod free --cascade=background", ('pod "free" deleted',)),
    Line("delete pod one --grace-period=0 --force", ("force deleted",)),
    Line("wait --for=delete pod/one --timeout=5s", ("",)),
    Line("delete deployment -l app=made", ("",)),
    Line("delete widget none --ignore-not-found", ("",)),
)

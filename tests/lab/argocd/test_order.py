import pytest

from prompt_kafka.lab.argocd import order


def obj(**annotations):
    return {
        "metadata": {"annotations": {key.replace("__", "/"): value for key, value in annotations.items()}}
    }


def hooked(text):
    return {"metadata": {"annotations": {"argocd.argoproj.io/hook": text}}}


def test_kinds_that_argo_lists_come_before_all_others():
    names = ["KafkaUser", "Deployment", "Namespace", "Kafka", "CustomResourceDefinition", "Secret", "Service"]
    tasks = sorted(names, key=lambda kind: order.sort_key("Sync", 0, kind, "x"))
    assert tasks[:5] == ["Namespace", "Secret", "CustomResourceDefinition", "Service", "Deployment"]
    assert order.kind_order("Kafka") == order.kind_order("KafkaUser") == 0


def test_phase_beats_wave_and_wave_beats_kind():
    keys = [
        order.sort_key("PostSync", -5, "Namespace", "a"),
        order.sort_key("Sync", 1, "Namespace", "a"),
        order.sort_key("Sync", -1, "Kafka", "a"),
        order.sort_key("PreSync", 9, "Kafka", "a"),
    ]
    assert sorted(keys) == list(reversed(keys))


@pytest.mark.parametrize(
    ("text", "found"),
    [("PreSync", ("PreSync",)), ("PreSync, PostSync", ("PreSync", "PostSync")), ("nonsense", ()), ("", ())],
)
def test_hooks(text, found):
    assert order.hooks(hooked(text)) == found


def test_helm_hooks_are_mapped():
    def helm(text):
        return {"metadata": {"annotations": {"helm.sh/hook": text}}}

    assert order.hooks(helm("pre-install,pre-upgrade")) == ("PreSync",)
    assert order.hooks(helm("test")) == ("Skip",)
    assert order.hooks(helm("crd-install")) == ()


def test_a_wave_that_is_no_number_is_zero():
    assert order.wave({"metadata": {"annotations": {order.WAVE: "x"}}}) == 0
    assert order.wave({"metadata": {"annotations": {order.WAVE: "-3"}}}) == -3
    assert order.wave({"metadata": {}}) == 0


def test_prunes_run_in_reverse():
    assert order.reversed_waves([0, -1, 5, 0]) == {-1: 5, 0: 0, 5: -1}

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_kafka.lab.argocd.merge import merge_patch, quantity, same_quantity, three_way, without_nulls


def custom(applied, wanted, live):
    return three_way(applied, wanted, live, strategic=False)


def builtin(applied, wanted, live):
    return three_way(applied, wanted, live, strategic=True)


def test_what_only_the_live_object_has_stays():
    live = {"a": 1, "defaulted": True, "nested": {"x": 1, "operator": 2}}
    wanted = {"a": 1, "nested": {"x": 1}}
    assert custom(wanted, wanted, live) == live


def test_a_field_removed_from_git_goes():
    assert custom({"a": 1, "b": 2}, {"a": 1}, {"a": 1, "b": 2, "c": 3}) == {"a": 1, "c": 3}


def test_a_map_removed_from_git_goes_as_a_whole():
    assert custom({"m": {"a": 1}}, {}, {"m": {"a": 1, "other": 2}}) == {}


def test_without_a_last_applied_nothing_is_removed():
    assert custom(None, {"a": 1}, {"a": 2, "b": 2}) == {"a": 1, "b": 2}


def test_lists_of_custom_resources_are_one_value():
    live = {"listeners": [{"name": "plain", "port": 9092, "defaulted": True}]}
    wanted = {"listeners": [{"name": "plain", "port": 9092}]}
    assert custom(wanted, wanted, live) == wanted


def test_lists_of_built_in_kinds_merge_by_key():
    live = {
        "containers": [{"name": "a", "image": "x:1", "pullPolicy": "Always"}, {"name": "side", "image": "s"}]
    }
    applied = {"containers": [{"name": "a", "image": "x:1"}]}
    wanted = {"containers": [{"name": "a", "image": "x:2"}]}
    assert builtin(applied, wanted, live) == {
        "containers": [
            {"name": "a", "image": "x:2", "pullPolicy": "Always"},
            {"name": "side", "image": "s"},
        ]
    }


def test_a_list_element_removed_from_git_goes():
    both = {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
    one = {"env": [{"name": "A", "value": "1"}]}
    assert builtin(both, one, both) == one


def test_a_new_list_element_comes_in_gits_order():
    live = {"ports": [{"port": 1, "protocol": "TCP"}]}
    wanted = {"ports": [{"port": 2}, {"port": 1}]}
    assert builtin(None, wanted, live)["ports"] == [{"port": 2}, {"port": 1, "protocol": "TCP"}]


def test_repeated_keys_fall_back_to_the_whole_list():
    wanted = {"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}
    assert builtin(None, wanted, {"env": [{"name": "A", "value": "1"}]}) == wanted


def test_quantities_written_differently_are_no_difference():
    live = {"resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}
    wanted = {"resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}}}
    assert builtin(wanted, wanted, live) == live


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("1", 1, True), ("1Gi", "1024Mi", True), ("100m", "0.1", True), ("1G", "1Gi", False), ("x", "x", False)],
)
def test_quantities(one, other, same):
    assert same_quantity(one, other) is same


def test_quantity_of_an_exponent():
    assert quantity("1e3") == 1000


def test_nulls_in_git_are_no_difference_even_in_list_elements():
    wanted = {"a": None, "l": [{"b": None, "c": 1}]}
    assert without_nulls(wanted) == {"l": [{"c": 1}]}
    live = {"l": [{"c": 1}], "x": 1}
    assert custom(without_nulls(wanted), without_nulls(wanted), live) == live


def test_a_field_unknown_to_the_definition_stays_a_difference():
    live = {"spec": {"known": 1}}
    wanted = {"spec": {"known": 1, "unknown": 2}}
    assert custom(wanted, wanted, live) != live


def test_exponents_are_numbers():
    assert custom(None, {"ms": 1.2096e9}, {"ms": 1209600000}) == {"ms": 1209600000}


@pytest.mark.parametrize(
    ("before", "after", "patch"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1}, {"a": 2}, {"a": 2}),
        ({"a": 1}, {}, {"a": None}),
        ({"m": {"a": 1, "b": 2}}, {"m": {"a": 1}}, {"m": {"b": None}}),
        ({}, {"m": {"a": 1}}, {"m": {"a": 1}}),
        ({"m": 1}, {"m": {"a": 1}}, {"m": {"a": 1}}),
    ],
)
def test_merge_patch(before, after, patch):
    assert merge_patch(before, after) == patch


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from(["a", "b", "env", "ports", "limits"]), VALUES, max_size=4)


@given(applied=OBJECTS, wanted=OBJECTS, live=OBJECTS, strategic=st.booleans())
def test_what_was_applied_is_no_difference_afterwards(applied, wanted, live, strategic):
    applied, wanted, live = without_nulls(applied), without_nulls(wanted), without_nulls(live)
    after = three_way(applied, wanted, live, strategic=strategic)
    assert three_way(wanted, wanted, after, strategic=strategic) == after


@given(before=OBJECTS, after=OBJECTS)
def test_a_merge_patch_leads_from_one_to_the_other(before, after):
    before, after = without_nulls(before), without_nulls(after)

    def apply(target, patch):
        result = dict(target) if isinstance(target, dict) else {}
        for key, value in patch.items():
            if value is None:
                result.pop(key, None)
            else:
                result[key] = apply(result.get(key), value) if isinstance(value, dict) else value
        return result

    assert apply(before, merge_patch(before, after)) == after

"""An item taken out of a list of words in a YAML text, with its line and nothing else."""

from __future__ import annotations

from prompt_kafka.procedures.authoring.edit import Yaml
from prompt_kafka.procedures.authoring.lines import splice
from prompt_kafka.procedures.authoring.tree import Path, cannot, load


def without_item(text: str, where: str, path: Path, item: str) -> str:
    """Return the text with a list that no longer has an item.

    Raises
    ------
    RefusedError
        ``cannot-edit``: there is no such list, or more would go with it.
    """
    yaml = Yaml(text, where)
    key, node = yaml.find(path)
    if key is None or node is None or node.kind != "seq":
        raise cannot(where, f"it has no list {'.'.join(path)}")
    values = [each.value for each in node.items]
    if item not in values or any(each.kind != "scalar" for each in node.items):
        raise cannot(where, f"{'.'.join(path)} has no {item}", node.start[0])
    at = values.index(item)
    gone = node.items[at]
    if node.flow:
        new = _from_braces(yaml, at, path)
    elif len(values) == 1:
        line = key.end[0]
        head = yaml.lines[line]
        rest = head[key.end[1] :].partition(":")[2]
        begin = len(head) - len(rest)
        lines = [*yaml.lines[:line], f"{head[:begin]} []{rest}", *yaml.lines[line + 1 :]]
        new = "".join([*lines[: gone.start[0]], *lines[gone.last :]])
    else:
        new = "".join([*yaml.lines[: gone.start[0]], *yaml.lines[gone.last :]])
    wanted = load(text, where)
    place = wanted[0]
    for name in path:
        place = place[name]
    place.remove(item)
    if load(new, where) != wanted:
        raise cannot(where, f"taking {item} out of {'.'.join(path)} would change something else")
    return new


def _from_braces(yaml: Yaml, at: int, path: Path) -> str:
    node = yaml.find(path)[1]
    assert node is not None
    items = node.items
    if node.start[0] != node.end[0]:
        raise cannot(yaml.where, f"{'.'.join(path)} is in braces over several lines", node.start[0])
    begin = items[at].start[1] if at == 0 else items[at - 1].end[1]
    end = items[at].end[1] if at or len(items) == 1 else items[1].start[1]
    return splice(yaml.lines, node.start[0], begin, end, "")

"""What the brokers' disks hold: the size of every replica, and the size of the volume."""

from __future__ import annotations

from typing import Any

from prompt_kafka.clients.kafka.survey import Survey, because, told
from prompt_kafka.core.upkeep import Disk


def disks(survey: Survey) -> tuple[dict[int, Disk], dict[int, str]]:
    """Ask every broker for its disks.

    Returns
    -------
    disks, unknown
        By broker; and why one did not tell, or did not tell all.
    """
    from kafka.protocol.admin import DescribeLogDirsRequest

    nodes = survey.nodes
    found: dict[int, Disk] = {}
    unknown = dict(survey.silent)
    for node, answer in zip(
        nodes, survey.ask((DescribeLogDirsRequest(topics=None), node) for node in nodes), strict=True
    ):
        if isinstance(answer, BaseException):
            unknown[node] = because(answer)
        elif answer.error_code:
            unknown[node] = told(answer.error_code)
        elif not answer.results:
            unknown[node] = "it names no disk: this user may not describe the cluster"
        else:
            found[node] = disk_of(answer)
            if bad := [folder for folder in answer.results if folder.error_code]:
                unknown[node] = f"{len(bad)} of its {len(answer.results)} disks: {told(bad[0].error_code)}"
    return found, unknown


def disk_of(response: Any) -> Disk:
    """Turn a response to *describe log dirs* into its value; copies that are being moved do not count."""
    total, usable, sizes = 0, 0, dict[tuple[str, int], int]()
    for folder in response.results:
        if folder.error_code:
            continue
        total, usable = total + folder.total_bytes, usable + folder.usable_bytes
        for topic in folder.topics:
            for partition in topic.partitions:
                if not partition.is_future_key:
                    sizes[topic.name, partition.partition_index] = partition.partition_size
    known = total > 0
    return Disk(total if known else None, usable if known else None, sizes)

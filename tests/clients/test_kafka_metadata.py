"""What the table says of lowering the metadata level, Kafka itself says too."""

from __future__ import annotations

import pytest

from prompt_kafka.clients.kafka import KafkaConnection
from prompt_kafka.core.versions import can_lower_metadata, metadata_name

SAFE_DOWNGRADE = 2


@pytest.mark.parametrize("level", range(19, 27))
def test_kafka_lowers_the_level_where_the_table_says_so(admin: KafkaConnection, level: int) -> None:
    from kafka.protocol.admin import UpdateFeaturesRequest

    update = UpdateFeaturesRequest.FeatureUpdateKey(
        feature="metadata.version",
        max_version_level=level,
        allow_downgrade=True,
        upgrade_type=SAFE_DOWNGRADE,
    )
    request = UpdateFeaturesRequest(timeout_ms=30000, feature_updates=[update], validate_only=True)
    answer = admin.ask(request)
    assert (answer.error_code == 0) == can_lower_metadata(admin.features().name, metadata_name(level))
    assert answer.error_code == 0 or "might delete metadata information" in answer.error_message

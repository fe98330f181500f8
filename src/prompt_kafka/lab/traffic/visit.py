"""The messages: what Prompt Processing writes for one finished detector, and what the Butler Writer answers.

Fields and sizes are the service's; the lab adds ``traffic``, so that every message can be accounted for.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from prompt_kafka.lab.traffic.settings import DETECTORS

INSTRUMENT = "LSSTCam"
BANDS = "ugrizy"
EXPOSURE = ("ExposureF", "lsst.obs.base.formatters.fitsExposure.FitsExposureFormatter")
TABLE = ("ArrowAstropy", "lsst.daf.butler.formatters.parquet.ParquetFormatter")
BACKGROUND = ("Background", "lsst.obs.base.formatters.fitsGeneric.FitsGenericFormatter")
METADATA = ("TaskMetadata", "lsst.daf.butler.formatters.json.JsonFormatter")
LOG = ("ButlerLogRecords", "lsst.daf.butler.formatters.logs.ButlerLogRecordsFormatter")

Product = tuple[str, tuple[str, str], int]
PRODUCTS: tuple[Product, ...] = (
    ("isr_metadata", METADATA, 6_000),
    ("isr_log", LOG, 40_000),
    ("calibrateImage_metadata", METADATA, 40_000),
    ("calibrateImage_log", LOG, 120_000),
    ("preliminary_visit_image", EXPOSURE, 90_000_000),
    ("preliminary_visit_image_background", BACKGROUND, 90_000),
    ("single_visit_star", TABLE, 2_400_000),
    ("template_detector", EXPOSURE, 92_000_000),
    ("difference_image", EXPOSURE, 95_000_000),
    ("dia_source_unfiltered", TABLE, 900_000),
    ("dia_source_apdb", TABLE, 300_000),
    ("associateApdb_metadata", METADATA, 5_000),
)
STOPPED_EARLY = PRODUCTS[:2]


@dataclass(frozen=True, slots=True)
class Message:
    """A message for `butler-writer`: its sequence number in the run and its bytes."""

    sequence: int
    value: bytes


def messages(run: str, now: datetime, seed: int) -> Iterator[Message]:
    """Give the messages of one visit after another, without end; the same for the same arguments."""
    dice = random.Random(f"{run}{seed}")
    day = int(now.strftime("%Y%m%d"))
    sequence = 0
    for number in range(1, 100_000):
        visit = day * 100_000 + number
        band = dice.choice(BANDS)
        for detector in range(DETECTORS):
            yield Message(sequence, _message(run, sequence, dice, day, visit, band, detector))
            sequence += 1


def _message(
    run: str, sequence: int, dice: random.Random, day: int, visit: int, band: str, detector: int
) -> bytes:
    data_id = {
        "instrument": INSTRUMENT,
        "detector": detector,
        "visit": visit,
        "band": band,
        "day_obs": day,
        "physical_filter": f"{band}_{ord(band)}",
    }
    output = f"{INSTRUMENT}/prompt/output-{day}/ApPipe/pipelines-{visit % 7:07x}"
    failed = dice.random() < 0.03  # processing stopped early: little to ingest
    products = STOPPED_EARLY if failed else PRODUCTS
    body = {
        "type": "pp-output",
        "dimension_records": [_visit_record(data_id)] if detector == 0 else [],
        "dataset_types": [],
        "datasets": [_dataset(dice, product, data_id, output) for product in products],
        "traffic": {"run": run, "sequence": sequence},
    }
    return json.dumps(body, separators=(",", ":")).encode()


def _dataset(
    dice: random.Random, product: Product, data_id: dict[str, object], output: str
) -> dict[str, object]:
    name, (storage_class, formatter), size = product
    visit, detector = data_id["visit"], data_id["detector"]
    return {
        "refs": [
            {
                "id": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
                "datasetType": {
                    "name": name,
                    "storageClass": storage_class,
                    "dimensions": ["instrument", "detector", "visit"],
                },
                "dataId": data_id,
                "run": output,
            }
        ],
        "path": f"{output}/{name}/{visit}/{name}_{INSTRUMENT}_{visit}_{detector}.dat",
        "formatter": formatter,
        "file_size": int(size * dice.uniform(0.8, 1.2)),
    }


def _visit_record(data_id: dict[str, object]) -> dict[str, object]:
    return {
        "definition": "visit",
        "record": {
            **{key: data_id[key] for key in ("instrument", "day_obs", "physical_filter")},
            "id": data_id["visit"],
            "exposure_time": 30.0,
            "observation_reason": "survey",
            "science_program": "BLOCK-365",
        },
    }


def read_message(value: bytes | None, run: str) -> int | None:
    """Return the sequence number of a message of `run`; ``None`` for any other message."""
    try:
        mark = json.loads(value or b"")["traffic"]
        return int(mark["sequence"]) if mark["run"] == run else None
    except (ValueError, KeyError, TypeError):
        return None


def event(batch: uuid.UUID) -> bytes:
    """Return the event that says that a batch is in the Butler."""
    body = {
        "type": "batch-ingested",
        "batch_id": str(batch),
        "origin": "prompt-processing",
        "batch_file": f"s3://embargo/butler-writer/batches/{batch}.json",
    }
    return json.dumps(body, separators=(",", ":")).encode()


def read_event(value: bytes | None) -> uuid.UUID | None:
    """Return the batch that an event is about; ``None`` for anything else."""
    try:
        return uuid.UUID(json.loads(value or b"")["batch_id"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None

"""Reads a run's event files with TensorBoard's own reader, and compares them with the run's logs.

    pip install tensorboard                              # tried with 2.21
    python3 tools/goldens/tensorboard_check.py runs/first

Every step must be there once, with the value that the log has (as float32): no step lost and none doubled, however
often the run was stopped and gone on with.
"""

import json
import math
import struct
import sys
from pathlib import Path

from tensorboard.backend.event_processing import event_accumulator


def as_float32(value):
    return math.nan if value is None else struct.unpack("<f", struct.pack("<f", value))[0]


def logged(run):
    """(step, value) by tag, from the logs."""
    expected = {}
    for name, when in (("metrics.jsonl", "training"), ("validation.jsonl", "validation")):
        path = run / name
        for line in path.read_text().splitlines() if path.exists() else []:
            record = json.loads(line)
            for key, value in record.items():
                if key == "loss" or key.endswith("Loss"):
                    tag = f"{key}/{when}"
                elif key == "figure" and value is not None:
                    tag = "figure/validation"
                elif key in ("lr", "imagesPerSecond", "lossScale", "skippedSteps"):
                    tag = "learningRate" if key == "lr" else key
                else:
                    continue
                expected.setdefault(tag, []).append((record["step"], as_float32(value)))
    return expected


def main(folder):
    run = Path(folder)
    # nothing is thinned out
    events = event_accumulator.EventAccumulator(
        folder, size_guidance={event_accumulator.SCALARS: 0, event_accumulator.IMAGES: 0}
    ).Reload()
    found = {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    expected = logged(run)
    assert expected, "the run has no logs"
    assert found.keys() == expected.keys(), (sorted(found), sorted(expected))
    for tag, values in expected.items():
        assert repr(found[tag]) == repr(values), (tag, found[tag][:5], values[:5])
    pictures = {tag: [(e.step, e.width, e.height) for e in events.Images(tag)] for tag in events.Tags()["images"]}
    for tag in pictures:
        assert all(e.encoded_image_string.startswith(b"\x89PNG") for e in events.Images(tag)), tag
        assert len(pictures[tag]) == 1, pictures
    files = len(list(run.glob("events.out.tfevents.*")))
    print(f"{folder}: {files} event files, {sum(map(len, found.values()))} scalars of {len(found)} tags as in the logs; pictures {pictures}")


for run in sys.argv[1:]:
    main(run)

"""Replays a trace offline by `dynamo.replay.run_trace_replay`, whose engine arguments each version wants otherwise.

    python replay.py REQUEST.json REPORT.json
"""

import json
import sys
from importlib.metadata import version

from dynamo.replay import run_trace_replay

with open(sys.argv[1]) as file:
    asked = json.load(file)
workers = asked["workers"]


def engine_1_4(role):
    from dynamo.mocker import MockEngineArgs

    if role != "aggregated":
        raise SystemExit("trace replay disaggregation does not support TRT-LLM in this version")
    args = {
        "engine_type": "trtllm",
        "planner_profile_data": asked["table"],
        "kv_bytes_per_token": asked["kvBytesPerToken"],
        "num_gpu_blocks": asked["kvBlocks"],
    }
    return MockEngineArgs.from_json(json.dumps(args))


def engine_1_6(role):
    timing = {"type": "external", "provider": "dynamo_profile", "config": {"path": asked["table"]}}
    return {
        "engine": {
            "backend": "trtllm",
            "worker_type": role,
            "num_gpu_blocks": asked["kvBlocks"],
            "kv_transfer_bytes_per_token": asked["kvBytesPerToken"],
            # No transfers: with them, this replay also waits for a pass of the decode worker to reserve room.
            "kv_transfer_bandwidth": 0,
            "timing_model": timing,
        }
    }


engine = engine_1_4 if version("ai-dynamo").startswith("1.4.") else engine_1_6
if "aggregated" in workers:
    report = run_trace_replay(
        asked["file"], extra_engine_args=engine("aggregated"), num_workers=workers["aggregated"]
    )
else:
    report = run_trace_replay(
        asked["file"],
        prefill_engine_args=engine("prefill"),
        decode_engine_args=engine("decode"),
        num_prefill_workers=workers["prefill"],
        num_decode_workers=workers["decode"],
    )
summary = report if isinstance(report, dict) else report.summary
with open(sys.argv[2], "w") as file:
    json.dump({key: value for key, value in summary.items() if isinstance(value, (int, float))}, file)

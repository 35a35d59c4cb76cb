"""A worker over Ray: it takes the GPUs of each node as vLLM does, and serves as Dynamo's mocker while all nodes answer."""

import os
import subprocess
import sys

import ray
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

said = dict(zip(sys.argv[1::2], sys.argv[2::2]))
dynamo, model, nodes = os.environ["DYNAMO_PYTHON"], said["--model"], int(said["--pipeline-parallel-size"])
gpus = int(said["--tensor-parallel-size"])
assert said["--distributed-executor-backend"] == "ray", said


@ray.remote
class Rank:
    def place(self):
        devices = sorted(os.environ["CUDA_VISIBLE_DEVICES"].split(","))
        return ray.util.get_node_ip_address(), ",".join(devices), os.environ.get("VLLM_HOST_IP")


ray.init(log_to_driver=False)
group = ray.util.placement_group([{"GPU": gpus}] * nodes, strategy="STRICT_SPREAD")
# As vLLM's executor does, without a wait: all nodes are there when the worker starts.
assert group.wait(10), ray.nodes()
placed = PlacementGroupSchedulingStrategy(placement_group=group)
ranks = [Rank.options(num_cpus=0, num_gpus=gpus, scheduling_strategy=placed).remote() for _ in range(nodes)]
for address, devices, host in sorted(ray.get([rank.place.remote() for rank in ranks], timeout=60)):
    print(f"a rank on {address} ({host}) with GPUs {devices}", flush=True)

mocker = subprocess.Popen(
    [dynamo, "-m", "dynamo.mocker", "--model-path", model, "--model-name", model, "--engine-type", "trtllm"])
while True:
    try:
        sys.exit(mocker.wait(timeout=0.5))
    except subprocess.TimeoutExpired:
        ray.get([rank.place.remote() for rank in ranks], timeout=30)

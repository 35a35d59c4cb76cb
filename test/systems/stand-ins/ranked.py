"""A worker of several nodes that needs all of its ranks: rank 0 serves as Dynamo's mocker once the others have joined."""

import os
import runpy
import socket
import sys
import time

nodes, rank = int(os.environ["NNODES"]), int(os.environ["NODE_RANK"])
address = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))

if rank > 0:
    until = time.monotonic() + 60
    while True:
        try:
            joined = socket.create_connection(address, timeout=5)
            break
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
    joined.settimeout(None)
    print(f"rank {rank} of {nodes} has joined {address[0]} with GPUs {os.environ.get('CUDA_VISIBLE_DEVICES')}"
          f" on {os.environ.get('NCCL_SOCKET_IFNAME')}", flush=True)
    # Until rank 0 is gone.
    joined.recv(1)
    sys.exit(0)

meeting = socket.create_server(address)
others = [meeting.accept()[0] for _ in range(nodes - 1)]
print(f"all {nodes} ranks are here", flush=True)
# The name that Fulcrum gives to workers that it does not know; the mocker spells it otherwise.
sys.argv = ["--model-name" if word == "--served-model-name" else word for word in sys.argv]
runpy.run_module("dynamo.mocker", run_name="__main__", alter_sys=True)

"""A Dynamo worker that registers like any other and never answers a request, as some version pairs do."""

import asyncio
import os
import sys

import uvloop
from dynamo.llm import ModelInput, ModelType, WorkerType, register_model
from dynamo.runtime import DistributedRuntime, dynamo_worker


async def generate(request, context):
    print("request taken, no answer will come", flush=True)
    await asyncio.sleep(3600)
    yield {}


@dynamo_worker()
async def worker(runtime: DistributedRuntime):
    model = sys.argv[sys.argv.index("--model-path") + 1]
    endpoint = runtime.endpoint(f"{os.environ['DYN_NAMESPACE']}.backend.generate")
    await register_model(
        ModelInput.Tokens,
        ModelType.Chat | ModelType.Completions,
        endpoint,
        model,
        model,
        worker_type=WorkerType.Aggregated,
    )
    await endpoint.serve_endpoint(generate, graceful_shutdown=False)


if __name__ == "__main__":
    uvloop.run(worker())

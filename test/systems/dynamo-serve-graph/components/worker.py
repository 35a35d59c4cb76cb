"""A worker without an engine. With remote-prefill it asks a prefill worker for every prompt, and fails without one.

With `router: kv` it publishes its load, as the workers of NVIDIA's example do. `ms-per-token` is the pace of its tokens.
"""

import asyncio
import os

from components.engine import Batch, Prompt, engine_settings
from components.prefill_worker import TensorRTLLMPrefillWorker
from dynamo.sdk import async_on_start, depends, dynamo_context, endpoint, service
from dynamo.sdk.lib.config import ServiceConfig


@service(dynamo={"namespace": "dynamo"}, resources={"gpu": 1, "cpu": "1"}, workers=1)
class TensorRTLLMWorker:
    prefill_worker = depends(TensorRTLLMPrefillWorker)

    def __init__(self):
        config = ServiceConfig.get_parsed_config("TensorRTLLMWorker")
        self.remote_prefill = config.get("remote-prefill", False)
        self.settings = engine_settings("TensorRTLLMWorker", "generation_servers")
        self.prefill_client = None
        self.token_s = config.get("ms-per-token", 0) / 1000
        self.batch = Batch(self.settings["max_batch_size"], is_published=config.get("router") == "kv")

    @async_on_start
    async def connect(self):
        await self.batch.open(dynamo_context["component"])
        if self.remote_prefill:
            component = dynamo_context["runtime"].namespace("dynamo").component("TensorRTLLMPrefillWorker")
            self.prefill_client = await component.endpoint("generate").client()

    @endpoint()
    async def generate(self, request: Prompt):
        trace = []
        if self.prefill_client is not None:
            async for answer in await self.prefill_client.random(request.model_dump_json()):
                trace.append(answer.data())
        trace.append(f"worker:{self.settings['max_batch_size']}")
        trace.append(f"gpus:{os.environ.get('CUDA_VISIBLE_DEVICES', '')}")
        trace.append(f"pid:{os.getpid()}")
        async with self.batch.place():
            for i in range(request.max_tokens):
                await asyncio.sleep(self.token_s)
                yield {"token": f"t{i} ", "trace": " ".join(trace)}

"""What the stand-in workers share: the request between them, and the engine settings that they were given."""

import asyncio
from contextlib import asynccontextmanager

import yaml
from dynamo.llm import WorkerMetricsPublisher
from dynamo.sdk.lib.config import ServiceConfig
from pydantic import BaseModel


class Prompt(BaseModel):
    text: str
    max_tokens: int = 4


def engine_settings(service: str, section: str) -> dict:
    """Settings as the TensorRT-LLM example reads them: those of the role's section over those of the common file."""
    config = ServiceConfig.get_parsed_config(service)
    with open(config["engine_args"]) as file:
        settings = yaml.safe_load(file)
    split = config.get("llmapi-disaggregated-config")
    if split is not None:
        with open(split) as file:
            settings = settings | yaml.safe_load(file)[section]
    if settings["max_batch_size"] < 1:
        raise ValueError(f"max_batch_size is {settings['max_batch_size']}")
    return settings


class Batch:
    """The requests of a worker: those that run take a slot and a KV block each, the others wait."""

    blocks_per_slot = 4

    def __init__(self, slots: int, is_published: bool):
        self.slots = slots
        self.free = asyncio.Semaphore(slots)
        self.running = self.waiting = self.allocated = 0
        self.publisher = WorkerMetricsPublisher() if is_published else None

    async def open(self, component):
        if self.publisher is None:
            return
        self.publish()
        self.publishing = asyncio.create_task(self.serve(component))

    async def serve(self, component):
        await self.publisher.create_endpoint(component)

    def publish(self):
        if self.publisher is None:
            return
        blocks = self.slots * self.blocks_per_slot
        # The usage is what TensorRT-LLM's publisher takes for it: all blocks ever allocated.
        usage = self.allocated / blocks
        self.publisher.publish(self.running, self.slots, self.running, blocks, self.waiting, usage, 0.0)

    @asynccontextmanager
    async def place(self):
        self.waiting += 1
        self.publish()
        try:
            await self.free.acquire()
        finally:
            self.waiting -= 1
        self.running += 1
        self.allocated += 1
        self.publish()
        try:
            yield
        finally:
            self.running -= 1
            self.free.release()
            self.publish()

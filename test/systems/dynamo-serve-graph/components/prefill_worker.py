"""A prefill worker without an engine: it answers with its settings instead of a KV cache."""

from components.engine import Prompt, engine_settings
from dynamo.sdk import endpoint, service


@service(dynamo={"namespace": "dynamo"}, resources={"cpu": "1"}, workers=1)
class TensorRTLLMPrefillWorker:
    def __init__(self):
        self.settings = engine_settings("TensorRTLLMPrefillWorker", "context_servers")

    @endpoint()
    async def generate(self, request: Prompt):
        yield f"prefill:{self.settings['max_batch_size']}"

"""An embedding worker behind a real Dynamo frontend: counts tokens as the model does, and answers with a small vector."""

import asyncio
import os
import sys

from dynamo.common.utils.runtime import create_runtime
from dynamo.llm import ModelInput, ModelType, WorkerType, register_model
from tokenizers import Tokenizer

model, folder = sys.argv[1], sys.argv[2]
tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))


async def embed(request, context):
    texts = request["input"] if isinstance(request["input"], list) else [request["input"]]
    tokens = sum(len(tokenizer.encode(text).ids) for text in texts)
    data = [{"object": "embedding", "index": at, "embedding": [0.5, -0.25, 0.125]} for at in range(len(texts))]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    yield {"object": "list", "model": request["model"], "data": data, "usage": usage}


async def main():
    runtime, _ = create_runtime(os.environ["DYN_DISCOVERY_BACKEND"], os.environ["DYN_REQUEST_PLANE"])
    endpoint = runtime.endpoint(f"{os.environ['DYN_NAMESPACE']}.embedder.generate")
    await asyncio.gather(
        endpoint.serve_endpoint(embed),
        register_model(
            ModelInput.Text, ModelType.Embedding, endpoint, folder, model, worker_type=WorkerType.Aggregated
        ),
    )


asyncio.run(main())

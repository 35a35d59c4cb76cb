"""An OpenAI-like frontend over Dynamo 0.3.1's own HTTP: models, and chat completions as a stream."""

import json

from components.engine import Prompt
from components.worker import TensorRTLLMWorker
from dynamo.sdk import async_on_start, depends, dynamo_context, endpoint, service
from dynamo.sdk.core.protocol.interface import DynamoTransport
from dynamo.sdk.lib.config import ServiceConfig
from fastapi.responses import JSONResponse, StreamingResponse


def model() -> str:
    return ServiceConfig.get_parsed_config("Frontend")["served_model_name"]


@service(dynamo={"namespace": "dynamo"}, resources={"cpu": "1"}, workers=1)
class Frontend:
    worker = depends(TensorRTLLMWorker)

    @async_on_start
    async def connect(self):
        # One client for all requests: those that `depends` makes for each call may not have heard of any worker yet.
        component = dynamo_context["runtime"].namespace("dynamo").component("TensorRTLLMWorker")
        self.client = await component.endpoint("generate").client()

    @endpoint(name="v1/chat/completions", transports=[DynamoTransport.HTTP])
    async def chat(self, request: dict):
        if request["model"] != model():
            return JSONResponse({"error": "no such model"}, status_code=404)
        # Dynamo 0.3's spelling of "do not stop"; the one of 1.x would go unnoticed.
        if not request.get("nvext", {}).get("ignore_eos"):
            return JSONResponse({"error": "nvext.ignore_eos expected"}, status_code=400)
        prompt = Prompt(text=json.dumps(request["messages"]), max_tokens=request["max_tokens"])
        answers = await self.client.random(prompt.model_dump_json())

        async def events():
            count = 0
            async for answer in answers:
                count += 1
                data = answer.data()
                choice = {"index": 0, "delta": {"content": data["token"]}, "finish_reason": None}
                yield event({"choices": [choice], "system_fingerprint": data["trace"]})
            yield event({"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]})
            usage = {"prompt_tokens": 1, "completion_tokens": count, "total_tokens": count + 1}
            yield event({"choices": [], "usage": usage})
            yield "data: [DONE]\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")


# Dynamo's decorator knows endpoints by POST alone, and drops an app that it is given.
@Frontend.app.get("/v1/models")
async def models():
    return {"object": "list", "data": [{"id": model(), "object": "model"}]}


def event(content: dict) -> str:
    return f"data: {json.dumps({'object': 'chat.completion.chunk', 'model': model(), **content})}\n\n"

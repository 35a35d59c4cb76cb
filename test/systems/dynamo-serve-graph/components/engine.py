"""What the stand-in workers share: the request between them, and the engine settings that they were given."""

import yaml
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

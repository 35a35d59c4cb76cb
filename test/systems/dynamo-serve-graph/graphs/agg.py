"""The head: a frontend and the worker that writes tokens. Prefill workers are served by themselves."""

from components.frontend import Frontend
from components.worker import TensorRTLLMWorker

Frontend.link(TensorRTLLMWorker)

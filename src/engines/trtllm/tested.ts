/** What of TensorRT-LLM Fulcrum was tested with: its wheels could not be had, so its settings are from its sources. */
export const testedTrtllm = { package: 'tensorrt-llm', settings: null, ran: [] }

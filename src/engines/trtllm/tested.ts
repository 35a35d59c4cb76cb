/**
 * Versions of TensorRT-LLM that Fulcrum was tested with: none. Its wheels were not available, so the settings are from
 * its sources.
 */
export const testedTrtllm = { package: 'tensorrt-llm', settings: null, ran: [] }

/** Versions of vLLM that Fulcrum was tested with. Version 0.26.0 ran on GPUs. */
export const testedVllm = { package: 'vllm', settings: { from: '0.26.0', to: '0.33.0' }, ran: ['0.26.0'] }

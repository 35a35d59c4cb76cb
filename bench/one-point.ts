/** The smallest sweep: one point of 2 requests, 0.3 s under load. */
export const onePoint = `name: one-point
model: { name: nvidia/DeepSeek-R1-FP4, tokenizer: builtin:deepseek-v3 }
deploy: { with: simulated }
topologies: [{ aggregated: 1 }]
workloads: [{ isl: 100, osl: 10 }]
load: { concurrency: [1], requests: 2 }
`

const head = `model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated, profile: deepseek-r1-fp4-gb200 }
slo: { ttft_p95_ms: 2000, itl_p95_ms: 25 }
`

const numbers = (count: number, of: (i: number) => number = i => i + 1) =>
  `[${Array.from({ length: count }, (_, i) => of(i)).join(', ')}]`
const loads = (count: number) => `load: { concurrency: ${numbers(count)}, requests: 10x, warmup: 2x }\n`
const ratios = (prefill: number, decode: number) =>
  `topologies: [{ prefill: ${numbers(prefill)}, decode: ${numbers(decode)} }]\n`
const workloads = (count: number) =>
  `workloads: [${Array.from({ length: count }, (_, i) => `${1000 + 10 * i}/${100 + i}`).join(', ')}]\n`
const settings = (prefill: number, decode: number) =>
  `engine: { prefill: { max_batch_size: ${numbers(prefill)} }, decode: { max_batch_size: ${numbers(decode, i => 16 * (i + 1))} } }\n`

/**
 * Sweeps of so many points in each shape that a large sweep can have: many of one of its axes and few of the others.
 * All are crossed as a user would write them.
 */
export function largeSweeps(points: 5000 | 10_000): { readonly [shape: string]: string } {
  const half = points / 5000
  const sweeps = {
    'many loads': `${ratios(5, 2)}${workloads(2)}${loads(250 * half)}`,
    'many repeats': `${ratios(5, 2)}${workloads(2)}${loads(25)}repeats: ${10 * half}\n`,
    'many workloads': `${ratios(5, 2)}${workloads(50 * half)}${loads(10)}`,
    'many ratios': `${ratios(25, 20)}${workloads(1)}${loads(10 * half)}`,
    'many settings': `${ratios(5, 5)}${settings(5, 4 * half)}${workloads(1)}${loads(10)}`,
    'many variants': `${ratios(5, 5)}${variants(20 * half)}${workloads(1)}${loads(10)}`,
    'deployments alone': `${ratios(10, 10)}${settings(10, 5 * half)}${workloads(1)}${loads(1)}`,
  }
  return Object.fromEntries(
    Object.entries(sweeps).map(([shape, text]) => [shape, `name: ${shape.replaceAll(' ', '-')}\n${head}${text}`]),
  )
}

function variants(count: number): string {
  const each = Array.from({ length: count }, (_, i) => `v${i}: { engine: { decode: { max_batch_size: ${32 + i} } } }`)
  return `variants: { ${each.join(', ')} }\n`
}

import { type Backend, backendOf } from './backend.ts'
import { type Check, numberOf, rolesWithSettings } from './check.ts'
import type { Meaning } from './setting.ts'
import type { RoleSettings } from './sources.ts'

const sizes: readonly Meaning[] = [
  'tensorParallel',
  'pipelineParallel',
  'contextParallel',
  'prefillContextParallel',
  'decodeContextParallel',
  'dataParallel',
  'expertParallel',
  'moeTensorParallel',
  'moeClusterParallel',
]

/**
 * GPUs that one worker holds by its parallel sizes; null when none is said. TensorRT-LLM: TP × PP × CP, attention DP within the TP ranks. vLLM:
 * TP × PP × prefill CP × the DP ranks that this worker runs. SGLang: TP × PP × DP, with DP attention within the TP ranks.
 */
export function parallelGpus(settings: RoleSettings, backend: Backend): number | null {
  const prefillContext = backend === 'vllm' ? (['prefillContextParallel'] as const) : []
  const said = [...(['tensorParallel', 'pipelineParallel', 'contextParallel'] as const), ...prefillContext].map(size =>
    numberOf(settings, size),
  )
  const here = backend === 'vllm' ? numberOf(settings, 'dataParallelHere') : null
  const data = here ?? (backend === 'vllm' || backend === 'sglang' ? numberOf(settings, 'dataParallel') : null)
  if ([...said, data].every(size => size === null)) return null
  const withinTensor = backend === 'sglang' && settings.get('attentionDp')?.value === true
  return [...said, withinTensor ? null : data].reduce<number>((product, size) => product * (size ?? 1), 1)
}

/** Parallel sizes are whole, multiply to the worker's GPUs, and fit into each other. */
export const checkParallelism: Check = (sweep, { refuse, warn }) => {
  const backend = backendOf(sweep.raw)
  for (const { deployment, role, settings } of rolesWithSettings(sweep)) {
    const wrong = sizes.map(size => settings.get(size)).find(found => found !== null && !isWhole(found.value))
    if (wrong !== undefined && wrong !== null) {
      refuse(wrong.place, `a parallel size is ${JSON.stringify(wrong.value)}`, 'write a whole number from 1')
      continue
    }
    const tensor = settings.get('tensorParallel')
    const gpus = parallelGpus(settings, backend)
    if (gpus !== null && gpus !== deployment.gpusPerWorker[role]) {
      const where = tensor ?? settings.get('pipelineParallel') ?? settings.get('dataParallel')
      refuse(
        where?.place ?? settings.place,
        `the parallel sizes of ${role} workers make ${gpus} GPUs, and gpus_per_worker is ${deployment.gpusPerWorker[role]}`,
        `write gpus_per_worker: ${gpus} for ${role}, or remove it`,
      )
    }
    checkExperts(settings, backend, { refuse, warn })
    checkAttentionDp(settings, backend, { refuse, warn })
    if (backend === 'vllm') checkVllmRanks(settings, { refuse, warn })
  }
}

const isWhole = (value: unknown) => typeof value === 'number' && Number.isInteger(value) && value >= 1

/**
 * The experts are spread over the TP ranks: expert × MoE tensor × cluster parallel size is TP (TensorRT-LLM's `Mapping`; SGLang's EP divides
 * TP). A load balancer's slots are dealt evenly (`MoeLoadBalancerConfig.setup`).
 */
function checkExperts(settings: RoleSettings, backend: Backend, { refuse }: Parameters<Check>[1]): void {
  const tensor = numberOf(settings, 'tensorParallel') ?? (backend === 'trtllm' ? 1 : null)
  const expert = settings.get('expertParallel')
  if (tensor === null || expert === null || typeof expert.value !== 'number') return
  const moeTensor = numberOf(settings, 'moeTensorParallel')
  const cluster = numberOf(settings, 'moeClusterParallel') ?? 1
  const product = expert.value * (moeTensor ?? 1) * cluster
  if (moeTensor === null ? tensor % product !== 0 : product !== tensor) {
    refuse(
      expert.place,
      `${settings.role} workers spread experts over ${product} of ${tensor} tensor parallel ranks`,
      moeTensor === null
        ? `write an expert parallel size that divides ${tensor}`
        : `write expert × MoE tensor parallel size = ${tensor}`,
    )
  }
  const slots = settings.get('moeSlots')
  if (slots !== null && typeof slots.value === 'number' && slots.value % expert.value !== 0) {
    refuse(
      slots.place,
      `${slots.value} expert slots of ${settings.role} workers can't be dealt evenly to ${expert.value} expert parallel ranks`,
      `write a multiple of ${expert.value}`,
    )
  }
}

/** What vLLM's `ParallelConfig` refuses. */
function checkVllmRanks(settings: RoleSettings, findings: Parameters<Check>[1]): void {
  checkContextRanks(settings, findings)
  const balanced = settings.get('expertsBalanced')
  if (balanced?.value !== true || settings.get('expertsParallel')?.value === true) return
  const wrong = `enable_eplb of ${settings.role} workers needs expert parallelism`
  findings.refuse(balanced.place, wrong, 'write enable_expert_parallel: true')
}

/** vLLM's decode context ranks are taken from the TP ranks (`ParallelConfig`), or span the prefill context ranks. */
function checkContextRanks(settings: RoleSettings, { refuse }: Parameters<Check>[1]): void {
  const decode = settings.get('decodeContextParallel')
  if (decode === null || typeof decode.value !== 'number') return
  const tensor = numberOf(settings, 'tensorParallel') ?? 1
  const prefill = numberOf(settings, 'prefillContextParallel') ?? 1
  const fits = prefill === 1 ? tensor % decode.value === 0 : [1, prefill, tensor * prefill].includes(decode.value)
  if (fits) return
  refuse(
    decode.place,
    `${settings.role} workers have ${decode.value} decode context ranks, ${tensor} tensor and ${prefill} prefill context ranks`,
    prefill === 1 ? `write a number that divides ${tensor}` : `write 1, ${prefill} or ${tensor * prefill}`,
  )
}

function checkAttentionDp(settings: RoleSettings, backend: Backend, { refuse, warn }: Parameters<Check>[1]): void {
  const attention = settings.get('attentionDp')
  const tensor = numberOf(settings, 'tensorParallel') ?? 1
  const wide = settings.get('moeBackend')
  if (wide !== null && String(wide.value).toUpperCase() === 'WIDEEP' && (attention?.value !== true || tensor < 2)) {
    refuse(
      wide.place,
      `WideEP of ${settings.role} workers needs attention DP over several GPUs`,
      'write enable_attention_dp: true and a tensor_parallel_size above 1',
    )
  }
  if (attention?.value !== true) return
  const data = numberOf(settings, 'dataParallel') ?? 1
  if (backend === 'sglang' && (data < 2 || tensor % data !== 0)) {
    refuse(
      attention.place,
      `DP attention of ${settings.role} workers has dp_size ${data} and tp_size ${tensor}`,
      'write a dp_size above 1 that divides tp_size; SGLang turns DP attention off without saying so when dp_size is 1',
    )
  } else if (backend === 'trtllm' && tensor === 1) {
    warn(
      attention.place,
      `attention DP over one GPU changes nothing in ${settings.role} workers`,
      'write a tensor_parallel_size above 1',
    )
  }
}

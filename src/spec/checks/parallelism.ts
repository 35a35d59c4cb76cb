import { type Findings, numberOf, type RoleSettings } from '../../engines/role-settings.ts'
import type { Meaning } from '../../engines/setting.ts'
import { type Check, rolesWithSettings } from './check.ts'
import { engineOf } from './engine.ts'

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
 * Checks that parallel sizes are whole numbers, that their product is the worker's number of GPUs, and that they divide
 * each other where they must.
 */
export const checkParallelism: Check = (sweep, { refuse, warn }) => {
  const engine = engineOf(sweep.raw)
  const usualTensor = typeof engine.defaults.tensorParallel === 'number' ? engine.defaults.tensorParallel : null
  for (const { deployment, role, settings } of rolesWithSettings(sweep)) {
    const wrong = wrongSize(settings)
    if (wrong !== null) {
      refuse(wrong.place, `invalid parallel size ${JSON.stringify(wrong.value)}`, 'write a whole number from 1')
      continue
    }
    const gpus = engine.gpusPerWorker(settings)
    if (gpus !== null && gpus !== deployment.gpusPerWorker[role]) {
      const where = settings.get('tensorParallel') ?? settings.get('pipelineParallel') ?? settings.get('dataParallel')
      refuse(
        where?.place ?? settings.place,
        `the parallel sizes of ${role} workers need ${gpus} GPU${gpus === 1 ? '' : 's'}, but gpus_per_worker is ${deployment.gpusPerWorker[role]}`,
        `write gpus_per_worker: ${gpus} for ${role}, or remove it`,
      )
    }
    checkExperts(settings, usualTensor, { refuse, warn })
  }
}

const isWhole = (value: unknown) => typeof value === 'number' && Number.isInteger(value) && value >= 1

function wrongSize(settings: RoleSettings) {
  return sizes.map(size => settings.get(size)).find(found => found !== null && !isWhole(found.value)) ?? null
}

/** Whether all parallel sizes in the settings are whole numbers. */
export function hasWholeSizes(settings: RoleSettings): boolean {
  return wrongSize(settings) === null
}

/**
 * Checks how experts are distributed over the TP ranks: expert × MoE tensor × cluster parallel size must equal TP
 * (TensorRT-LLM's `Mapping`); SGLang's EP must divide TP. A load balancer distributes its slots evenly
 * (`MoeLoadBalancerConfig.setup`).
 * @param usualTensor the engine's default tensor parallel size; null if this check applies only to an explicit size
 */
function checkExperts(settings: RoleSettings, usualTensor: number | null, { refuse }: Findings): void {
  const tensor = numberOf(settings, 'tensorParallel') ?? usualTensor
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
      `${slots.value} expert slots of ${settings.role} workers cannot be distributed evenly over ${expert.value} expert parallel ranks`,
      `write a multiple of ${expert.value}`,
    )
  }
}

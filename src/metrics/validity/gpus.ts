import { type Role, roles, type Topology, topologyLabel } from '../../model/index.ts'
import { meanOfGpus } from '../figures/energy.ts'
import type { GpuObserved } from '../gpu.ts'
import type { Finding, Measurement } from '../measurement.ts'
import { percent } from './figures.ts'

/** Share of samples with throttled clocks above which throttling is reported. */
const mostThrottled = 0.05
/** Utilization below which a pool counts as idle compared with a busy one. */
const idle = 0.3
const busy = 0.7

/** Findings from the GPUs of a deployment about a measurement. */
export function judgeGpus(measurement: Measurement, topology: Topology): Finding[] {
  const { gpus } = measurement
  if (gpus === undefined) return []
  return [...throttled(gpus.gpus), ...shared(gpus.gpus), ...unlike(gpus.gpus), ...idlePool(measurement, topology)]
}

const namesOf = (gpus: readonly GpuObserved[]) => gpus.map(({ name }) => name).join(', ')

function throttled(gpus: readonly GpuObserved[]): Finding[] {
  const over = (of: 'power' | 'thermal') => gpus.filter(gpu => (gpu.throttled?.[of] ?? 0) > mostThrottled)
  const share = (of: 'power' | 'thermal') =>
    percent(over(of).reduce((most, gpu) => Math.max(most, gpu.throttled?.[of] ?? 0), 0))
  const [hot, capped] = [over('thermal'), over('power')]
  return [
    ...(hot.length === 0
      ? []
      : [
          {
            severity: 'warning',
            code: 'gpu-throttled',
            message: `Heat reduced the clock rates of ${namesOf(hot)} for up to ${share('thermal')} of the time: the deployment can be faster than this. Look at the cooling, and measure the point again`,
          } as const,
        ]),
    // A GPU at full load is at its power limit, so this is normal.
    ...(capped.length === 0
      ? []
      : [
          {
            severity: 'note',
            code: 'gpu-power-capped',
            message: `The power limit reduced the clock rates of ${namesOf(capped)} for up to ${share('power')} of the time`,
          } as const,
        ]),
  ]
}

function shared(gpus: readonly GpuObserved[]): Finding[] {
  const taken = gpus.filter(({ strangers }) => strangers !== null && strangers.length > 0)
  const [first] = taken
  if (first === undefined) return []
  const message = `Processes that do not belong to the deployment use its GPUs: ${(first.strangers ?? []).join(', ')} on ${first.name}${taken.length > 1 ? ` (and on ${taken.length - 1} more)` : ''}. Stop them, and measure the point again`
  return [{ severity: 'warning', code: 'gpu-shared', message }]
}

function unlike(gpus: readonly GpuObserved[]): Finding[] {
  return [null, ...roles].flatMap(role => {
    const own = gpus.filter(gpu => gpu.role === role)
    const kinds = new Set(own.map(({ model, powerLimitW }) => `${model ?? 'GPU'}, ${powerLimitW ?? '?'} W`))
    if (kinds.size < 2) return []
    const message = `The GPUs of ${role ?? 'all'} workers differ: ${[...kinds].join('; ')}. Figures per GPU mix different hardware`
    return [{ severity: 'warning', code: 'gpus-unlike', message } as const]
  })
}

/**
 * A topology with the same number of workers, or one more, that assigns more of them to the role that is short of GPUs.
 */
function shifted({ prefill, decode }: Extract<Topology, { kind: 'disaggregated' }>, to: Role): string {
  const other =
    to === 'decode'
      ? { prefill: Math.max(1, prefill - 1), decode: decode + 1 }
      : { prefill: prefill + 1, decode: Math.max(1, decode - 1) }
  return topologyLabel({ kind: 'disaggregated', ...other })
}

function idlePool(measurement: Measurement, topology: Topology): Finding[] {
  if (topology.kind === 'aggregated') return []
  const of = (role: Role) => meanOfGpus(measurement, ({ utilization }) => utilization, role)
  const [prefill, decode] = [of('prefill'), of('decode')]
  if (prefill === null || decode === null) return []
  const told = (role: Role, share: number, to: Role, other: number): Finding => ({
    severity: 'note',
    code: 'gpu-pool-idle',
    message: `The ${role} GPUs were busy ${percent(share)} of the time and the ${to} GPUs ${percent(other)}: try ${shifted(topology, to)}`,
  })
  if (prefill < idle && decode > busy) return [told('prefill', prefill, 'decode', decode)]
  if (decode < idle && prefill > busy) return [told('decode', decode, 'prefill', prefill)]
  return []
}

/** Findings about GPUs that are shown as evidence with a recommendation. */
export const gpuFindings: readonly string[] = [
  ...['gpu-throttled', 'gpu-power-capped', 'gpu-shared', 'gpus-unlike', 'gpu-pool-idle'],
]

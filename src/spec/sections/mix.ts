import type { Workload } from '../../model/index.ts'
import { nearMiss } from '../../yaml/near-miss.ts'
import type { SectionContext } from '../../yaml/section-context.ts'
import type { RawSweep } from '../schema/sweep.ts'
import type { Sweep } from '../sweep.ts'

/** Converts weights to shares by workload. */
export function readMix(
  raw: NonNullable<RawSweep['mix']>,
  workloads: readonly Workload[],
  context: SectionContext,
): Sweep['mix'] {
  const names = workloads.map(({ name }) => name)
  for (const name of Object.keys(raw).filter(key => !names.includes(key))) {
    const near = nearMiss(name, names)
    const right = near === null ? `write one of ${names.join(', ')}` : `did you mean "${near}"?`
    context.report(['mix', name], `unknown workload ${JSON.stringify(name)}`, right, 'key')
  }
  const all = Object.values(raw).reduce((sum, weight) => sum + weight, 0)
  return all === 0 ? null : Object.fromEntries(Object.entries(raw).map(([name, weight]) => [name, weight / all]))
}

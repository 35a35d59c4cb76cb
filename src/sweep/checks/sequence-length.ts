import { type Length, rolesOf } from '../../point/index.ts'
import type { Path } from '../file/problem.ts'
import type { Check } from './check.ts'
import { engineSetting } from './setting.ts'

/** A request whose ISL + OSL is above max_seq_len is refused by the engine, or cut short. */
export const checkSequenceLength: Check = ({ raw, deployments, workloads }, report) => {
  for (const [index, workload] of workloads.entries()) {
    const longest = longestOf(workload.isl) + longestOf(workload.osl)
    for (const { topology, engine } of deployments) {
      for (const role of rolesOf(topology)) {
        const limit = engineSetting('maxSeqLen', raw.deploy, role, engine[role] ?? {})
        // A prefill worker writes one token at most.
        const needed = role === 'prefill' ? longestOf(workload.isl) : longest
        if (typeof limit !== 'number' || needed <= limit) continue
        const path: Path = Array.isArray(raw.workloads) ? ['workloads', index] : ['workloads']
        report(
          path,
          `${workload.name} needs ${needed} tokens a sequence, and ${role} workers have max_seq_len ${limit}`,
          `raise max_seq_len of ${role} to ${needed} or more, or shorten the workload`,
        )
      }
    }
  }
}

/** The length that the engine must have room for; two deviations above the mean where there is no upper end. */
function longestOf(length: Length): number {
  switch (length.kind) {
    case 'fixed':
      return length.tokens
    case 'uniform':
      return length.max
    case 'empirical':
      return Math.max(...length.values.map(value => value.tokens))
    default:
      return Math.ceil(length.mean + 2 * length.stddev)
  }
}

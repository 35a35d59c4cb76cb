import type { Length } from '../../point/index.ts'
import type { Path } from '../file/problem.ts'
import { backendOf } from './backend.ts'
import { type Check, type CheckedSweep, numberOf, rolesWithSettings } from './check.ts'

/** Requests that an engine would refuse: longer than max_seq_len, or prompts longer than max_num_tokens without chunked prefill. */
export const checkSequenceLength: Check = (sweep, { refuse }) => {
  for (const { role, settings } of rolesWithSettings(sweep)) {
    const limit = numberOf(settings, 'maxSeqLen')
    const prompt = promptLimit(sweep, settings)
    for (const [index, workload] of sweep.workloads.entries()) {
      const isl = longestOf(workload.isl)
      // A prefill worker writes the first token.
      const needed = role === 'prefill' ? isl + 1 : isl + longestOf(workload.osl)
      const place = { kind: 'sweep' as const, path: pathOf(sweep, index) }
      if (limit !== null && needed > limit) {
        refuse(
          place,
          `${workload.name} needs ${needed} tokens a sequence, and ${role} workers have max_seq_len ${limit}`,
          `raise max_seq_len of ${role} to ${needed} or more, or shorten the workload`,
        )
      }
      if (prompt !== null && role !== 'decode' && isl > prompt) {
        refuse(
          place,
          `prompts of ${workload.name} have ${isl} tokens, and ${role} workers have max_num_tokens ${prompt} and no chunked prefill`,
          `raise max_num_tokens of ${role} to ${isl} or more, or write enable_chunked_prefill: true`,
        )
      }
    }
  }
}

/** TensorRT-LLM refuses a prompt above max_num_tokens unless prefill is chunked, which is off by default; the others chunk. */
function promptLimit(sweep: CheckedSweep, settings: Parameters<typeof numberOf>[0]): number | null {
  if (backendOf(sweep.raw) !== 'trtllm' || settings.get('chunkedPrefill')?.value === true) return null
  return numberOf(settings, 'maxNumTokens')
}

function pathOf({ raw }: CheckedSweep, index: number): Path {
  return Array.isArray(raw.workloads) ? ['workloads', index] : ['workloads']
}

/** The length that an engine must have room for; two deviations above the mean where there is no upper end. */
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

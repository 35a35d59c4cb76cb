import { numberOf } from '../../engines/role-settings.ts'
import { longestOf } from '../../model/index.ts'
import { type Check, rolesWithSettings } from './check.ts'
import { engineOf, workersOf } from './engine.ts'

/**
 * Requests that an engine would reject: longer than max_seq_len, or with longer prompts than it accepts without chunked
 * prefill.
 */
export const checkSequenceLength: Check = (sweep, { refuse }) => {
  const engine = engineOf(sweep.raw)
  const workers = workersOf(sweep.raw)
  for (const { role, settings } of rolesWithSettings(sweep)) {
    const limit = numberOf(settings, 'maxSeqLen')
    const prompt = engine.longestPrompt(settings, workers)
    for (const [index, workload] of sweep.workloads.entries()) {
      const isl = longestOf(workload.isl)
      // A prefill worker generates the first token.
      const needed = engine.sequenceTokens(isl, role === 'prefill' ? 1 : longestOf(workload.osl))
      const place = { kind: 'sweep' as const, path: sweep.workloadPaths[index] ?? ['workloads'] }
      if (limit !== null && needed > limit) {
        refuse(
          place,
          `${workload.name} needs ${needed} tokens per sequence, but max_seq_len of ${role} workers is ${limit}`,
          `raise max_seq_len of ${role} to ${needed} or more, or shorten the workload`,
        )
      }
      if (prompt !== null && role !== 'decode' && isl > prompt) {
        refuse(
          place,
          `prompts of ${workload.name} have ${isl} tokens, but max_num_tokens of ${role} workers is ${prompt}, without chunked prefill`,
          `raise max_num_tokens of ${role} to ${isl} or more, or write enable_chunked_prefill: true`,
        )
      }
    }
  }
}

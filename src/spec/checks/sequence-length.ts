import { numberOf, type SourceLocation } from '../../engines/role-settings.ts'
import { longestOf } from '../../model/index.ts'
import { type Check, rolesWithSettings } from './check.ts'
import { engineOf, workersOf } from './engine.ts'
import { firstLongTurn } from './session-length.ts'

/**
 * Reports requests that an engine would reject: longer than max_seq_len, or with prompts longer than it accepts without
 * chunked prefill. Takes into account later turns of conversations, rows of datasets and requests of traces.
 */
export const checkSequenceLength: Check = (sweep, { refuse, warn }) => {
  const engine = engineOf(sweep.raw)
  const workers = workersOf(sweep.raw)
  const { traces, datasets, limits } = sweep
  const hasTraceOnly = sweep.loads.every(({ level }) => level.kind === 'trace')
  for (const { role, settings } of rolesWithSettings(sweep)) {
    const limit = numberOf(settings, 'maxSeqLen')
    const prompt = engine.longestPrompt(settings, workers)
    // A prefill worker generates the first token.
    const tokensOf = (isl: number, osl: number) => engine.sequenceTokens(isl, role === 'prefill' ? 1 : osl)
    for (const [index, workload] of sweep.workloads.entries()) {
      const isl = longestOf(workload.isl)
      const needed = tokensOf(isl, longestOf(workload.osl))
      const path = sweep.workloadPaths[index] ?? ['workloads']
      const place: SourceLocation = { kind: 'sweep', path }
      // If a trace was read, the lengths of the workload only label its points.
      if (hasTraceOnly && traces.length > 0) continue
      if (limit !== null && needed > limit) {
        refuse(
          place,
          `${workload.name} needs ${needed} tokens per sequence, but max_seq_len of ${role} workers is ${limit}`,
          `raise max_seq_len of ${role} to ${needed} or more, or shorten the workload`,
        )
      } else if (limit !== null) {
        const long = firstLongTurn(workload, limit, tokensOf)
        if (long !== null)
          refuse(
            { kind: 'sweep', path: [...path, 'conversation'] },
            `turn ${long.turn} of ${workload.name} needs ${long.tokens} tokens with all that was said before, but max_seq_len of ${role} workers is ${limit}`,
            `raise max_seq_len of ${role} to ${long.most} or more, write turns: ${long.turn - 1}, or shorten the turns`,
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
    if (limit === null) continue
    for (const { workload, file, longest } of datasets) {
      const tokens = tokensOf(longest.isl, longest.osl)
      if (tokens <= limit) continue
      warn(
        { kind: 'sweep', path: [...pathOfDataset(sweep, workload), 'dataset'] },
        `${file}:${longest.line} needs ${tokens} tokens, but max_seq_len of ${role} workers is ${limit}: the server will reject it, and the request counts as failed`,
        `raise max_seq_len of ${role} to ${tokens} or more, or remove long rows`,
      )
    }
    for (const { facts, summary } of traces) {
      const { count, most, first } = summary.longerThan(limit, tokensOf)
      if (count === 0) continue
      const share = count / facts.requests
      // Above this share of errors, every point would be invalid.
      const tell = share > limits.errorShare ? refuse : warn
      tell(
        { kind: 'sweep', path: ['load', 'trace', 'file'] },
        `${count.toLocaleString('en-US')} of ${facts.requests.toLocaleString('en-US')} requests of the trace need more tokens than max_seq_len of ${role} workers, which is ${limit}: the server will reject them, and they count as failed, with the turns after them; the first is ${first}`,
        `raise max_seq_len of ${role} to ${most} or more, or remove long requests from the trace`,
      )
    }
  }
}

function pathOfDataset({ workloads, workloadPaths }: Parameters<Check>[0], name: string) {
  return workloadPaths[workloads.findIndex(workload => workload.name === name)] ?? ['workloads']
}

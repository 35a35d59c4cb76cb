import type { Length } from '../../model/index.ts'
import { largest } from '../../model/index.ts'
import type { Path } from '../../yaml/problem.ts'
import { type Backend, backendOf } from './backend.ts'
import { type Check, type CheckedSweep, numberOf, rolesWithSettings } from './check.ts'

/** Requests that an engine would refuse: longer than max_seq_len, or prompts longer than max_num_tokens without chunked prefill. */
export const checkSequenceLength: Check = (sweep, { refuse }) => {
  for (const { role, settings } of rolesWithSettings(sweep)) {
    const limit = numberOf(settings, 'maxSeqLen')
    const prompt = promptLimit(sweep, settings)
    for (const [index, workload] of sweep.workloads.entries()) {
      const isl = longestOf(workload.isl)
      // A prefill worker writes the first token.
      const needed = roomFor(isl, role === 'prefill' ? 1 : longestOf(workload.osl), backendOf(sweep.raw))
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

/**
 * What max_seq_len has to be. TensorRT-LLM keeps room for draft tokens by itself (`py_executor_creator.py`), vLLM shortens the last drafts. SGLang
 * cuts the output at two tokens below its context length, and refuses prompts within six of it (`tp_worker.py`).
 */
function roomFor(isl: number, osl: number, backend: Backend): number {
  return backend === 'sglang' ? Math.max(isl + osl + 2, isl + 7) : isl + osl
}

/** `max_num_tokens` of TensorRT-LLM when nobody says it. */
const trtllmTokens = 8192

/**
 * TensorRT-LLM refuses a prompt above max_num_tokens unless prefill is chunked, which is off by default; the others chunk. Its default counts where all
 * settings can be seen.
 */
function promptLimit({ raw }: CheckedSweep, settings: Parameters<typeof numberOf>[0]): number | null {
  if (backendOf(raw) !== 'trtllm' || settings.get('chunkedPrefill')?.value === true) return null
  const seen = raw.deploy.with === 'dynamo' || raw.deploy.with === 'slurm'
  return numberOf(settings, 'maxNumTokens') ?? (seen ? trtllmTokens : null)
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
      return largest(length.values.map(value => value.tokens))
    default:
      return Math.ceil(length.mean + 2 * length.stddev)
  }
}

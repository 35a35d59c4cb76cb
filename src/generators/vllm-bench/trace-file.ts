import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import type { ReplayedTrace } from '../../metrics/measurement.ts'
import { FulcrumError, type Point } from '../../model/index.ts'
import { replayedTrace } from '../replay.ts'
import type { Trace } from '../trace.ts'
import { tokensPerBlock } from '../trace-lines.ts'

/** A trace in the format of `vllm-rs bench serve --dataset-name timed_trace`. */
export interface WrittenTrace {
  readonly requests: number
  /** When each request is due, ms after the first one. */
  readonly dueMs: Float64Array
  readonly inputTokens: Uint32Array
  readonly blockTokens: number
  /** Mean lengths of its requests, tokens. */
  readonly asked: { readonly isl: number; readonly osl: number }
  readonly replay: ReplayedTrace
  /** Blocks whose id occurs with several lengths. vllm-rs creates different tokens for each length. */
  readonly unevenBlocks: number
}

/**
 * Writes the replayed part of a trace for vllm-rs, with times scaled by the speed. vllm-rs derives the tokens of a
 * block from its id alone, so each point gets separate ids. Requests of a point share the trace's blocks, and no point
 * finds blocks of an earlier point in the prefix cache. Each block without an id gets one that occurs nowhere else.
 * @throws FulcrumError bad-input as {@link replayedTrace}; `generator-cannot` for sessions, whose requests wait for
 *   answers
 */
export async function writeTimedTrace(
  { load, workload, id, repeat }: Point,
  file: string,
  signal: AbortSignal,
): Promise<WrittenTrace> {
  const { level, seed } = load
  if (level.kind !== 'trace') throw new TypeError('only a load with a trace has a trace file')
  const trace = await replayedTrace(level, seed, signal)
  if (trace.sessions !== undefined)
    throw new FulcrumError(
      'bad-input',
      'generator-cannot',
      'vllm-rs sends each request of a trace at its recorded time, but some of this trace wait for an earlier answer',
      { where: workload.name, remedy: 'use generator: built-in or aiperf' },
    )
  const count = Math.min(trace.count, load.requests ?? Number.POSITIVE_INFINITY)
  const { blockTokens = tokensPerBlock } = trace
  const [firstMs = 0] = trace.atMs
  const dueMs = trace.atMs.subarray(0, count).map(at => (at - firstMs) / level.speed)
  const idsOf = blockIds(trace, blockTokens, `${id}/${repeat}`)
  const out = createWriteStream(file)
  const done = finished(out, { signal })
  for (const [row, due] of dueMs.entries()) {
    const input = trace.inputTokens[row] ?? 1
    const line = `{"timestamp":${due / 1000},"input_length":${input},"output_length":${trace.outputTokens[row] ?? 1},"hash_ids":[${idsOf.of(row).join(',')}]}\n`
    if (!out.write(line)) await Promise.race([new Promise<void>(drained => out.once('drain', drained)), done])
  }
  out.end()
  await done
  const inputTokens = trace.inputTokens.subarray(0, count)
  const mean = (tokens: Uint32Array) => tokens.reduce((sum, each) => sum + each, 0) / count
  const { outOf = trace.count, unanswered, time } = trace
  return {
    ...{ requests: count, dueMs, inputTokens, blockTokens, unevenBlocks: idsOf.uneven() },
    asked: { isl: mean(inputTokens), osl: mean(trace.outputTokens.subarray(0, count)) },
    replay: { inFile: outOf + unanswered, chosen: trace.count, ...time },
  }
}

/** Ids as 64-bit integers for vllm-rs: 35 bits of the point's salt, followed by a number within the trace. */
function blockIds({ hashIds, inputTokens }: Trace, blockTokens: number, salt: string) {
  const digest = createHash('sha256').update(salt).digest()
  const base = (digest.readBigUInt64BE() >> 29n) << 28n
  const numbers = new Map<number, number>()
  const lengths = new Map<number, number>()
  const uneven = new Set<number>()
  let next = 0
  const numberOf = (hash: number, tokens: number) => {
    const known = lengths.get(hash)
    if (known === undefined) lengths.set(hash, tokens)
    else if (known !== tokens) uneven.add(hash)
    let number = numbers.get(hash)
    if (number === undefined) {
      number = next++
      numbers.set(hash, number)
    }
    return number
  }
  return {
    of: (row: number) => {
      const input = inputTokens[row] ?? 1
      const recorded = hashIds?.[row] ?? []
      return Array.from({ length: Math.ceil(input / blockTokens) }, (_, block) => {
        const hash = recorded[block]
        const tokens = Math.min(blockTokens, input - block * blockTokens)
        return base + BigInt(hash === undefined ? next++ : numberOf(hash, tokens))
      })
    },
    uneven: () => uneven.size,
  }
}

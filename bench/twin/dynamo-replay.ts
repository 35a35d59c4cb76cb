import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { createRandom, type Role, type Topology } from '../../src/model/index.ts'
import type { FollowedVersion } from '../../src/simulator/followed-version.ts'

const root = join(import.meta.dirname, '../..')

/** Lines of a trace as Mooncake writes them. */
export interface TraceShape {
  readonly requests: number
  readonly requestsPerS: number
  /** Blocks of 512 tokens that a prompt begins with and others may have too, at most. */
  readonly sharedBlocks: number
  readonly ownBlocks: number
  /** Mean; drawn evenly from 1 to twice that. */
  readonly outputTokens: number
  readonly seed: number
}

/** A trace whose prompts begin like one of twelve others. */
export function traceText(shape: TraceShape): string {
  const random = createRandom(shape.seed)
  let atMs = 0
  let fresh = 1_000_000
  return Array.from({ length: shape.requests }, () => {
    atMs += (1000 * random.exponential()) / shape.requestsPerS
    const family = random.integer(12)
    const shared = shape.sharedBlocks === 0 ? 0 : random.integer(shape.sharedBlocks + 1)
    const own = 1 + random.integer(shape.ownBlocks)
    const ids = [
      ...Array.from({ length: shared }, (_, block) => family * 100 + block),
      ...Array.from({ length: own }, () => fresh++),
    ]
    return `${JSON.stringify({
      timestamp: Math.round(atMs),
      input_length: (ids.length - 1) * 512 + 1 + random.integer(512),
      output_length: 1 + random.integer(2 * shape.outputTokens - 1),
      hash_ids: ids,
    })}\n`
  }).join('')
}

/** Which of Dynamo's versions replays, by the Python that has it. */
export const replayPythons: { readonly [version in FollowedVersion]: string } = {
  '1.4.2': join(root, '.systems/dynamo/bin/python'),
  '1.6.1': join(root, '.systems/dynamo-1.6/bin/python'),
}

/** What Dynamo's own offline replay says of a trace on mocker workers. */
export interface DynamoReplay {
  readonly file: string
  /** Of the replay itself, as it says; and of the whole process. */
  readonly replayMs: number
  readonly processMs: number
  readonly reusedShare: number
  readonly figures: { readonly [name: string]: number }
}

/** KV cache of each worker, in tokens; small enough that a long trace does not fit. */
export const kvTokens = 640_000
const blockTokens = 32

/**
 * Writes a trace, has `dynamo.replay.run_trace_replay` replay it offline, and hands both to `use`, with a function that
 * replays the trace once more. Transfers of KV cache take no time in it. Version 1.4.2 does not replay disaggregated
 * workers of TensorRT-LLM.
 */
export async function withDynamoReplay<T>(
  version: FollowedVersion,
  shape: TraceShape,
  topology: Topology,
  use: (replay: DynamoReplay, again: () => Promise<DynamoReplay>) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-replay-'))
  try {
    const file = join(folder, 'trace.jsonl')
    const request = join(folder, 'request.json')
    const report = join(folder, 'report.json')
    await writeFile(file, traceText(shape))
    const asked = {
      file,
      workers: workersOf(topology),
      table: join(root, 'profiles/deepseek-r1-fp4-gb200-tp4ep4.npz'),
      kvBytesPerToken: 35136,
      kvBlocks: kvTokens / blockTokens,
    }
    await writeFile(request, JSON.stringify(asked))
    const replay = () => replayOnce(version, { file, request, report })
    return await use(await replay(), replay)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function replayOnce(
  version: FollowedVersion,
  { file, request, report }: { readonly file: string; readonly request: string; readonly report: string },
): Promise<DynamoReplay> {
  const startMs = performance.now()
  await execa(replayPythons[version], [join(import.meta.dirname, 'replay.py'), request, report], {
    env: { DYN_LOG: 'error' },
    stdout: 'ignore',
    timeout: 600_000,
  })
  const processMs = performance.now() - startMs
  const said = JSON.parse(await readFile(report, 'utf8')) as { readonly [name: string]: number }
  const of = (name: string) => said[name] ?? Number.NaN
  return {
    file,
    processMs,
    replayMs: of('wall_time_ms'),
    reusedShare: of('prefix_cache_reused_ratio'),
    figures: {
      'duration, s': of('duration_ms') / 1000,
      'TTFT mean, ms': of('mean_ttft_ms'),
      'TTFT p95, ms': of('p95_ttft_ms'),
      'ITL mean, ms': of('mean_tpot_ms'),
      'request latency mean, ms': of('mean_e2e_latency_ms'),
      'output tokens/s': of('output_throughput_tok_s'),
    },
  }
}

function workersOf(topology: Topology): { readonly [role in Role]?: number } {
  if (topology.kind === 'aggregated') return { aggregated: topology.workers }
  return { prefill: topology.prefill, decode: topology.decode }
}

// Test part: unit

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { resultOf } from '../../../src/generators/vllm-bench/result.ts'
import { readBenchResult } from '../../../src/generators/vllm-bench/result-file.ts'
import { writeTimedTrace } from '../../../src/generators/vllm-bench/trace-file.ts'
import type { Load, Point } from '../../../src/model/index.ts'
import { endOf } from '../programs/fixture.ts'
import { programPoint } from '../programs/program-point.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fulcrum-vllm-trace-'))
})
after(() => rm(folder, { recursive: true, force: true }))

interface Line {
  readonly timestamp: number
  readonly input_length: number
  readonly output_length: number
  /** As text: they are larger than a number can hold exactly. */
  readonly hash_ids: readonly string[]
}

type TraceLevel = Extract<Load['level'], { kind: 'trace' }>

async function written(rows: readonly object[], more: Partial<TraceLevel> = {}, id = 'p') {
  const file = join(folder, 'recorded.jsonl')
  await writeFile(file, rows.map(row => JSON.stringify(row)).join('\n'))
  const { requests: _, ...load } = programPoint('vllm-bench').load
  const level = { kind: 'trace', file, speed: 1, unit: 'ms', ...more } as const
  const point: Point = { ...programPoint('vllm-bench'), id, load: { ...load, api: 'completions', warmup: 0, level } }
  const to = join(folder, 'timed.jsonl')
  const found = await writeTimedTrace(point, to, AbortSignal.timeout(60_000))
  const lines = (await readFile(to, 'utf8')).trimEnd().split('\n')
  const quoted = lines.map(line => line.replace(/\[.*\]/, ids => ids.replace(/\d+/g, '"$&"')))
  return { found, point, lines: quoted.map(line => JSON.parse(line) as Line) }
}

const row = (timestamp: number, input_length: number, hash_ids?: readonly number[]) => ({
  ...{ timestamp, input_length, output_length: 4 },
  ...(hash_ids && { hash_ids }),
})

describe('the trace file for vllm-rs', () => {
  it('has the recorded lengths and shares the recorded blocks', async () => {
    const { lines, found } = await written([row(0, 1100, [1, 2, 3]), row(50, 1300, [1, 2, 4]), row(90, 600, [5, 6])])
    assert.deepEqual(
      lines.map(line => [line.timestamp, line.input_length, line.output_length]),
      [
        [0, 1100, 4],
        [0.05, 1300, 4],
        [0.09, 600, 4],
      ],
    )
    const [a, b, c] = lines.map(line => line.hash_ids)
    assert.deepEqual(a?.slice(0, 2), b?.slice(0, 2))
    assert.equal(new Set([...(a ?? []), ...(b ?? []), ...(c ?? [])]).size, 6)
    assert.deepEqual(found.asked, { isl: 1000, osl: 4 })
    assert.deepEqual(found.replay, { inFile: 3, chosen: 3, unit: 'ms', guessed: null })
    assert.equal(found.unevenBlocks, 0)
  })

  it('covers requests without ids with ids that occur nowhere else, so that prompts have their recorded lengths', async () => {
    const { lines } = await written([row(0, 1024, [1, 2]), row(1, 1025), row(2, 700)])
    assert.deepEqual(
      lines.map(({ hash_ids }) => hash_ids.length),
      [2, 3, 2],
    )
    assert.equal(new Set(lines.flatMap(({ hash_ids }) => hash_ids)).size, 2 + 3 + 2)
  })

  it('has other ids at every point, all of them 64-bit integers', async () => {
    const rows = [row(0, 1024, [1, 2])]
    const [one, two] = [await written(rows, {}, 'one'), await written(rows, {}, 'two')]
    const ids = [...(one.lines[0]?.hash_ids ?? []), ...(two.lines[0]?.hash_ids ?? [])]
    assert.equal(new Set(ids).size, 4)
    for (const id of ids) assert.ok(BigInt(id) < 2n ** 63n, id)
    assert.deepEqual((await written(rows, {}, 'one')).lines, one.lines)
  })

  it('scales times by the speed and begins with the first request that is replayed', async () => {
    const rows = Array.from({ length: 10 }, (_, i) => row(i * 100, 40))
    const { lines, found } = await written(rows, { fromMs: 150, untilMs: 500, speed: 2 })
    assert.deepEqual(
      lines.map(({ timestamp }) => timestamp),
      [0, 0.05, 0.1],
    )
    assert.deepEqual([found.replay.inFile, found.requests], [10, 3])
  })

  it('counts blocks that occur in several lengths, of which vllm-rs makes different tokens', async () => {
    const { found } = await written([row(0, 600, [1, 2]), row(1, 1024, [1, 2]), row(2, 700, [1, 3])])
    assert.equal(found.unevenBlocks, 1)
  })

  it('is refused for requests that wait for an answer', async () => {
    const turns = [0, 1].map(i => ({ ...row(i, 40), session_id: 's' }))
    await assert.rejects(written(turns), {
      code: 'generator-cannot',
      message: /some of this trace wait for an earlier answer/,
    })
  })
})

describe('a replay by vllm-rs', () => {
  const replayed = async (rows: readonly object[], sentS: readonly number[]) => {
    const { found, point } = await written(rows)
    const each = <T>(value: T): T[] => sentS.map(() => value)
    const result = {
      ...{ duration: 1, completed: sentS.length, failed: 0, start_times: sentS, steady_state: null },
      ...{ output_lens: each(4), ttfts: each(0.01), itls: each([0.01, 0.01, 0.01]), errors: each('') },
      ...{ latencies: each(0.04), mean_ttft_ms: 10, mean_e2el_ms: 40 },
    }
    return resultOf(point, {
      end: endOf(),
      result: readBenchResult(JSON.stringify(result), 'r', '0.33.0'),
      ...{
        inputTokens: found.inputTokens,
        trace: found,
        version: '0.33.0',
        startedAtMs: 0,
        runFolder: '/r',
        files: [],
      },
    })
  }

  it('says how late each request was, by the times of the trace', async () => {
    const measurement = await replayed([row(0, 40), row(100, 50)], [0, 0.107])
    assert.ok(Math.abs((measurement.client.sendLatenessMs?.max ?? 0) - 7) < 1e-6)
    assert.deepEqual([measurement.isl?.mean, measurement.replay?.chosen], [45, 2])
    assert.deepEqual(measurement.remarks?.map(({ code }) => code).includes('summary-disagrees'), false)
  })

  it('is invalid with fewer requests than the trace has', async () => {
    const measurement = await replayed([row(0, 40), row(100, 50)], [0])
    assert.ok(measurement.remarks?.some(({ code }) => code === 'vllm-bench-cut-short'))
  })
})

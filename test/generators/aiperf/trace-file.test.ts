// Test part: long

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { writeTraceFile } from '../../../src/generators/aiperf/trace-file.ts'
import { buildTokenizer, readTokenizer } from '../../../src/generators/tokenizer.ts'
import type { Dialect, Load, Point } from '../../../src/model/index.ts'
import { programPoint } from '../programs/program-point.ts'

interface Line {
  readonly session_id?: string
  readonly timestamp?: number
  readonly delay?: number
  readonly output_length: number
  readonly extra?: object
  readonly messages: readonly { readonly role: string; readonly content: string }[]
}

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fulcrum-aiperf-trace-'))
})
after(() => rm(folder, { recursive: true, force: true }))

async function written(
  rows: readonly object[],
  more: Partial<Extract<Load['level'], { kind: 'trace' }>> = {},
  dialect: Dialect = 'dynamo-1',
) {
  const file = join(folder, 'recorded.jsonl')
  await writeFile(file, rows.map(row => JSON.stringify(row)).join('\n'))
  const { requests: _, ...load } = programPoint('aiperf').load
  const level = { kind: 'trace', file, speed: 1, unit: 'ms', ...more } as const
  const point: Point = { ...programPoint('aiperf'), load: { ...load, warmup: 0, level } }
  const to = join(folder, 'trace.jsonl')
  const found = await writeTraceFile(point, { dialect }, to, AbortSignal.timeout(60_000))
  const lines = (await readFile(to, 'utf8')).trimEnd().split('\n')
  return { found, lines: lines.map(line => JSON.parse(line) as Line) }
}

describe('the trace file for AIPerf', () => {
  it('has prompts of the recorded lengths that share the recorded blocks', async () => {
    const lengths = [1100, 1300, 600]
    const ids = [
      [1, 2, 3],
      [1, 2, 4],
      [5, 6],
    ]
    const { lines, found } = await written(
      lengths.map((input_length, i) => ({ timestamp: 50 * i, input_length, output_length: 4 + i, hash_ids: ids[i] })),
    )
    const tokenizer = buildTokenizer(await readTokenizer('builtin:deepseek-v3'))
    assert.deepEqual(
      lines.map(({ messages }) => tokenizer.encodeChat(messages).length),
      lengths,
    )
    const [one = '', two = ''] = lines.map(({ messages }) => messages[0]?.content)
    const [first, second] = [one.split(' '), two.split(' ')]
    const alike = first.findIndex((word, i) => word !== second[i])
    assert.ok(alike > 2 * 512 - 8 && alike <= 2 * 512, `${alike} words alike`)
    assert.deepEqual(found.asked, { isl: 1000, osl: 5 })
    assert.deepEqual(found.replay, { inFile: 3, chosen: 3, unit: 'ms', guessed: null })
  })

  it('says times and delays by the speed, and the turns of a session behind each other', async () => {
    const row = (timestamp: number, session: string, more: object = {}) => ({
      ...{ timestamp, session_id: session, input_length: 40, output_length: 4 },
      ...more,
    })
    const { timestamp: _, ...later } = row(0, 'a', { delay: 80 })
    const { lines } = await written([row(0, 'a'), row(100, 'b'), later, row(400, 'b')], { speed: 2 })
    assert.deepEqual(
      lines.map(({ session_id, timestamp, delay }) => [session_id, timestamp, delay]),
      [
        ['session-0', 0, undefined],
        ['session-0', undefined, 40],
        ['session-1', 50, undefined],
        ['session-1', 200, undefined],
      ],
    )
  })

  it('asks for whole answers where the server takes that', async () => {
    const rows = [{ timestamp: 0, input_length: 40, output_length: 7 }]
    assert.deepEqual((await written(rows)).lines[0]?.extra, { min_tokens: 7 })
    assert.equal((await written(rows, {}, 'openai')).lines[0]?.extra, undefined)
  })

  it('holds only the part that is replayed', async () => {
    const rows = Array.from({ length: 10 }, (_, i) => ({ timestamp: i * 100, input_length: 40, output_length: 4 }))
    const { lines, found } = await written(rows, { fromMs: 200, untilMs: 500 })
    assert.deepEqual(
      lines.map(({ timestamp }) => timestamp),
      [0, 100, 200],
    )
    assert.equal(found.replay.inFile, 10)
  })

  it('is refused for sessions whose requests run in parallel', async () => {
    const rows = [{ request_id: 'p' }, { parent_id: 'p' }, { parent_id: 'p' }]
    const calls = rows.map(row => ({ timestamp: 0, input_length: 40, output_length: 4, ...row }))
    await assert.rejects(written(calls), { kind: 'bad-input', code: 'generator-cannot' })
  })
})

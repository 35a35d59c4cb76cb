// Test part: unit

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { countReuse, reusableShare } from '../../src/generators/trace-reuse.ts'
import { loadSweep } from '../../src/spec/load-sweep.ts'
import { mistakes, sweepText } from './sweep-text.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fulcrum-spec-traces-'))
})
after(() => rm(folder, { recursive: true, force: true }))

const request = (timestamp: number, more: object = {}) => ({ timestamp, input_length: 600, output_length: 20, ...more })
const even = (count = 200) => Array.from({ length: count }, (_, i) => request(i * 100))

interface Asked {
  readonly trace?: string
  readonly engine?: string
  readonly workloads?: string
  readonly load?: string
}

async function sweepOf(
  rows: readonly object[],
  { trace = 'unit: ms', engine = '', workloads = '[{ isl: 600, osl: 20 }]', load }: Asked = {},
) {
  await writeFile(join(folder, 't.jsonl'), rows.map(row => JSON.stringify(row)).join('\n'))
  const file = join(folder, 's.yaml')
  const asked = load ?? `{ trace: { file: t.jsonl, ${trace} } }`
  await writeFile(file, sweepText({ workloads, load: asked, ...(engine === '' ? {} : { engine }) }))
  return loadSweep(file)
}

describe('a trace', () => {
  test('is read to its end with the sweep, and its content told', async () => {
    const sessions = even().map((row, i) => ({ ...row, session_id: `${i % 50}`, hash_ids: [i % 50, 1000 + i] }))
    const { traces, warnings } = await sweepOf(sessions)
    const [facts] = traces ?? []
    assert.deepEqual([facts?.requests, facts?.inFile, facts?.sessions, facts?.unit], [200, 200, 50, 'ms'])
    assert.deepEqual([facts?.spanS, facts?.isl], [19.9, { mean: 600, min: 600, max: 600 }])
    // The first block of 512 tokens, of all but the first request of each session.
    assert.equal(facts?.reusable, (150 * 512) / (200 * 600))
    assert.deepEqual(warnings, [])
  })

  test('is read as the part that is replayed, once for all speeds', async () => {
    const { traces } = await sweepOf(even(), { trace: 'unit: ms, from: 5s, until: 10s, speed: [1, 2]' })
    assert.deepEqual(
      traces?.map(({ requests, inFile, spanS }) => [requests, inFile, spanS]),
      [[50, 200, 4.9]],
    )
  })

  test('that cannot be replayed is refused with its line, and what would be right', async () => {
    const message = await mistakes(sweepOf([request(0), { timestamp: 1, input_length: 5 }]))
    assert.match(
      message,
      /^\S*s\.yaml:6:\d+: load\.trace\.file: \S+t\.jsonl:2:1: output_length is missing; write a whole/,
    )
  })

  test('whose part is empty is refused', async () => {
    assert.match(await mistakes(sweepOf(even(), { trace: 'unit: ms, from: 10h' })), /no request of \S+ is in the part/)
  })

  test('whose unit was guessed, or speaks against what is written, is warned of', async () => {
    const seconds = Array.from({ length: 2000 }, (_, i) => request(i))
    const guessed = (await sweepOf(seconds, { trace: 'speed: 1' })).warnings
    assert.match(
      guessed.join('\n'),
      /s\.yaml:6:\d+: the timestamps of the trace are read as seconds, because in millis/,
    )
    assert.match(guessed.join('\n'), /; write unit: s to be sure$/)
    const wrong = (await sweepOf(seconds)).warnings
    assert.match(wrong.join('\n'), /are read as milliseconds, but seconds are likelier: .*; check unit$/)
    assert.deepEqual((await sweepOf(seconds, { trace: 'unit: s' })).warnings, [])
  })

  test('of other lengths than the workload says is warned of, with what is right', async () => {
    const { warnings } = await sweepOf(even(), { workloads: '[{ isl: 900, osl: 20 }]' })
    assert.equal(warnings.length, 1)
    assert.match(warnings[0] ?? '', /isl is 900, but the trace's mean is 600 tokens \(600 to 600\); write isl: 600$/)
  })
})

test('a trace with parallel requests is refused for a generator that sends turns one after another', async () => {
  const rows = even(3).map((row, i) => ({ ...row, request_id: `r${i}`, ...(i === 0 ? {} : { parent_id: 'r0' }) }))
  await writeFile(join(folder, 't.jsonl'), rows.map(row => JSON.stringify(row)).join('\n'))
  const file = join(folder, 's.yaml')
  const load = '{ trace: { file: t.jsonl, unit: ms } }'
  await writeFile(file, sweepText({ workloads: '[{ isl: 600, osl: 20 }]', load, generator: 'aiperf' }))
  assert.match(
    await mistakes(loadSweep(file)),
    /s\.yaml:6:\d+: the generator aiperf sends the requests of a session one/,
  )
})

describe('users of a trace', () => {
  test('are an axis of load levels beside its speeds', async () => {
    const { loads } = await sweepOf(even(), { trace: 'unit: ms, speed: [1, 2], users: [4, 8]' })
    assert.deepEqual(
      loads.map(({ level }) => level.kind === 'trace' && [level.speed, level.users]),
      [
        [1, 4],
        [1, 8],
        [2, 4],
        [2, 8],
      ],
    )
  })

  test('above its sessions are warned of', async () => {
    const rows = even().map((row, i) => ({ ...row, session_id: `${i % 10}` }))
    const { warnings } = await sweepOf(rows, { trace: 'unit: ms, users: [10, 11]' })
    assert.equal(warnings.length, 1)
    assert.match(warnings[0] ?? '', /s\.yaml:6:\d+: 11 users replay 10 sessions: the other users have nothing to do/)
  })

  test('and max_concurrency exclude each other', async () => {
    const load = '{ max_concurrency: 4, trace: { file: t.jsonl, unit: ms, users: 4 } }'
    assert.match(await mistakes(sweepOf(even(), { load })), /max_concurrency limits open loops, but trace\.users is a/)
  })
})

describe('sequences longer than max_seq_len', () => {
  const engine = (tokens: number) => `{ all: { max_seq_len: ${tokens} } }`

  test('are refused in a trace where they are more than the errors that a point may have, with the first line', async () => {
    const rows = even().map((row, i) => (i % 20 === 19 ? { ...row, input_length: 2000 } : row))
    const asked = { engine: engine(1000), workloads: '[{ isl: 670, osl: 20 }]' }
    const message = await mistakes(sweepOf(rows, asked))
    assert.match(message, /s\.yaml:6:\d+: 10 of 200 requests of the trace need more tokens than max_seq_len of prefill/)
    assert.match(message, /the first is \S+t\.jsonl:20; raise max_seq_len of decode to 2020 or more, or remove long/)
  })

  test('are warned of in a trace where they are few, and accepted where they fit', async () => {
    const rows = even().map((row, i) => (i === 7 ? { ...row, input_length: 2000 } : row))
    const { warnings } = await sweepOf(rows, { engine: engine(1000) })
    assert.match(warnings.join('\n'), /1 of 200 requests of the trace need more .* first is \S+t\.jsonl:8;/)
    assert.doesNotMatch((await sweepOf(rows, { engine: engine(2020) })).warnings.join('\n'), /max_seq_len/)
  })

  test('of the part that is replayed alone count', async () => {
    const rows = even().map((row, i) => (i < 20 ? { ...row, input_length: 2000 } : row))
    const { warnings } = await sweepOf(rows, { engine: engine(1000), trace: 'unit: ms, from: 2s' })
    assert.doesNotMatch(warnings.join('\n'), /max_seq_len/)
  })

  const chat = (turns: number) => ({
    load: '{ concurrency: 2 }',
    workloads: `[{ name: chat, isl: 100, osl: 50, conversation: { turns: ${turns}, think: 1s } }]`,
  })

  test('are refused in a conversation with the first turn that does not fit', async () => {
    const message = await mistakes(sweepOf([], { ...chat(8), engine: engine(620) }))
    assert.match(
      message,
      /s\.yaml:5:\d+: turn 5 of chat needs 750 tokens with all that was said before, but max_seq_len of decode workers is 620; raise max_seq_len of decode to 1200 or more, write turns: 4, or shorten the turns/,
    )
  })

  test('are accepted in a conversation whose last turn fits', async () => {
    assert.deepEqual((await sweepOf([], { ...chat(8), engine: engine(1200) })).warnings, [])
  })

  test('are warned of in a dataset, with the line of the longest', async () => {
    const prompt = (words: number) => ({ prompt: 'hello'.concat(' world'.repeat(words - 1)) })
    await writeFile(join(folder, 'd.jsonl'), [10, 10, 90, 10].map(words => JSON.stringify(prompt(words))).join('\n'))
    const workloads = '[{ name: w, isl: 33, osl: 10, dataset: d.jsonl }]'
    const load = '{ concurrency: 1, requests: 4, warmup: 0 }'
    const { warnings } = await sweepOf([], { load, workloads, engine: engine(80) })
    assert.match(
      warnings.join('\n'),
      /d\.jsonl:3 needs 103 tokens, but max_seq_len of decode workers is 80: the server/,
    )
    const long = await sweepOf([], { load, workloads, engine: engine(103) })
    assert.doesNotMatch(long.warnings.join('\n'), /max_seq_len/)
  })
})

describe('what a prefix cache could reuse of a trace', () => {
  const traceOf = (hashIds: readonly (readonly number[])[], inputTokens: readonly number[], blockTokens = 10) => ({
    count: hashIds.length,
    hashIds,
    blockTokens,
    inputTokens: Uint32Array.from(inputTokens),
  })

  test('are the blocks from the start on that were sent before', () => {
    assert.equal(
      reusableShare(
        traceOf(
          [
            [1, 2, 3],
            [1, 2, 4],
            [2, 3],
          ],
          [30, 30, 20],
        ),
      ),
      20 / 80,
    )
  })

  test('ends with a block that is not full', () => {
    assert.equal(
      reusableShare(
        traceOf(
          [
            [1, 2],
            [1, 2],
          ],
          [15, 15],
        ),
      ),
      0.5,
    )
  })

  test('is nothing without hash ids, and unknown of no request', () => {
    assert.equal(reusableShare({ count: 1, hashIds: null, inputTokens: Uint32Array.of(5) }), 0)
    assert.equal(reusableShare(traceOf([], [])), null)
  })

  test('is what a list of all prefixes says, whatever the ids', () => {
    const ids = fc.array(fc.array(fc.oneof(fc.nat(3), fc.integer({ min: 0, max: 2 ** 50 })), { maxLength: 6 }), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(ids, lists => {
        const count = countReuse(
          traceOf(
            lists,
            lists.map(list => 10 * list.length),
          ),
        )
        const known = new Set<string>()
        for (const [row, list] of lists.entries()) {
          const prefixes = list.map((_, index) => list.slice(0, index + 1).join())
          const found = prefixes.findIndex(prefix => !known.has(prefix))
          const shared = found < 0 ? list.length : found
          assert.deepEqual(count.add(row), { promptTokens: 10 * list.length, reusableTokens: 10 * shared })
          for (const prefix of prefixes) known.add(prefix)
        }
      }),
    )
  })
})

async function refusal(load: string, generator: string) {
  await writeFile(
    join(folder, 't.jsonl'),
    even()
      .map(row => JSON.stringify(row))
      .join('\n'),
  )
  const file = join(folder, 's.yaml')
  await writeFile(file, sweepText({ workloads: '[{ isl: 600, osl: 20 }]', load, generator }))
  return mistakes(loadSweep(file))
}

test('a trace is refused for genai-perf by name, once', async () => {
  assert.match(
    (await refusal('{ trace: { file: t.jsonl, unit: ms } }', 'genai-perf')).trim(),
    /^\S+:\d+:\d+: the generator genai-perf does not support a trace; .*generator: built-in or aiperf or vllm-bench$/,
  )
})

test('vllm-bench replays a trace as completions, and refuses what it cannot do with one by name', async () => {
  const trace = 'trace: { file: t.jsonl, unit: ms }'
  assert.equal(await refusal(`{ api: completions, warmup: 0, ${trace} }`, 'vllm-bench'), '')
  const told = await refusal(`{ warmup: 3, max_concurrency: 4, ${trace} }`, 'vllm-bench')
  assert.match(told, /vllm-bench replays traces as token ids; write api: completions/)
  assert.match(told, /vllm-bench does not limit a trace; remove max_concurrency/)
  assert.match(told, /vllm-bench warms up with the first prompt of the trace; remove warmup/)
  assert.match(
    await refusal('{ api: completions, trace: { file: t.jsonl, unit: ms, users: 2 } }', 'vllm-bench'),
    /vllm-bench replays traces as they arrived, not with users; remove users/,
  )
})

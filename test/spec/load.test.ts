import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadSchema } from '../../src/spec/schema/load.ts'
import { readLoads } from '../../src/spec/sections/loads.ts'
import { filesOf, problems, read, sweepText } from './sweep-text.ts'

const loadsOf = async (load: string, files = filesOf({})) => (await read(sweepText({ load }), files)).loads

describe('load', () => {
  test('multiples are of the concurrency of each level', async () => {
    const loads = await loadsOf('{ concurrency: [1, 64], requests: 10x, warmup: 2x, dataset: 12x, seed: 100 }')
    assert.deepEqual(
      loads.map(load => [load.requests, load.warmup, load.dataset, load.seed]),
      [
        [10, 2, 12, 100],
        [640, 128, 768, 100],
      ],
    )
  })

  test('a closed loop runs for ten times its concurrency unless told otherwise', async () => {
    const [load] = await loadsOf('{ concurrency: 8 }')
    assert.deepEqual([load?.requests, load?.warmup, load?.dataset, load?.durationS], [80, 16, 96, undefined])
  })

  test('an open loop runs for a minute after five seconds of warm-up unless told otherwise', async () => {
    const [load] = await loadsOf('{ request_rate: 4 }')
    assert.deepEqual([load?.requests, load?.durationS, load?.warmup, load?.dataset], [undefined, 60, 20, 322])
    assert.deepEqual(load?.level, { kind: 'rate', requestsPerS: 4, arrivals: { kind: 'poisson' } })
  })

  test('an open loop has a prompt of its own for every request, as many as chance may send', async () => {
    const datasets = async (arrivals: string) =>
      (await loadsOf(`{ request_rate: 4, warmup: 0s, ${arrivals} }`)).map(load => load.dataset)
    assert.deepEqual(await datasets('arrivals: constant'), [240])
    assert.deepEqual(await datasets('arrivals: poisson'), [302])
    assert.deepEqual(await datasets('arrivals: { gamma: { burstiness: 0.25 } }'), [364])
  })

  test('stages are one level that lasts as long as they do', async () => {
    const [load, ...more] = await loadsOf(
      '{ stages: [{ rate: 10, duration: 1m }, { rate: 2, duration: 500ms, jump: true }], arrivals: constant }',
    )
    assert.deepEqual(more, [])
    assert.equal(load?.durationS, 60.5)
    assert.deepEqual(load?.level, {
      kind: 'stages',
      arrivals: { kind: 'constant' },
      stages: [
        { requestsPerS: 10, durationS: 60, jump: false },
        { requestsPerS: 2, durationS: 0.5, jump: true },
      ],
    })
  })

  test('a trace is found beside the sweep file', () => {
    const context = { folder: '/sweeps', files: filesOf({ '/sweeps/t.jsonl': '{}' }), report: assert.fail }
    const [load] = readLoads(loadSchema.parse({ trace: { file: 't.jsonl', speed: 2 } }), context)
    assert.deepEqual(load?.level, { kind: 'trace', file: '/sweeps/t.jsonl', speed: 2 })
  })

  test('closed and open loops can be swept together', async () => {
    const loads = await loadsOf('{ concurrency: [1, 2], request_rate: 3, requests: 4x, duration: 10s }')
    assert.deepEqual(
      loads.map(load => [load.level.kind, load.requests, load.durationS]),
      [
        ['concurrency', 4, undefined],
        ['concurrency', 8, undefined],
        ['rate', undefined, 10],
      ],
    )
  })

  test('burstiness, limits and durations are read', async () => {
    const [load] = await loadsOf(
      '{ request_rate: 1, arrivals: { gamma: { burstiness: 0.5 } }, max_concurrency: 9, timeout: 2m, grace: 100ms }',
    )
    assert.deepEqual(load?.level, {
      kind: 'rate',
      requestsPerS: 1,
      arrivals: { kind: 'gamma', burstiness: 0.5 },
      maxConcurrency: 9,
    })
    assert.deepEqual([load?.timeoutMs, load?.graceS], [120_000, 0.1])
  })
})

const mistakes: readonly [load: string, problem: RegExp][] = [
  ['{}', /^6:7: load has no level; write concurrency/],
  ['{ concurrency: [4, 1, 4] }', /^6:29: load\.concurrency\[2\] repeats 4; remove it/],
  ['{ concurrency: 1, requests: 5, duration: 5s }', /^6:38: requests and duration cannot be combined; keep/],
  [
    '{ request_rate: 1, requests: 10x }',
    /^6:26: requests: 10x is a multiple of the concurrency, which an open loop does not have; /,
  ],
  ['{ concurrency: 1, warmup: 5s }', /^6:25: warmup: 5s is a duration, but the warm-up of a closed loop/],
  ['{ concurrency: 1, max_concurrency: 5 }', /^6:25: max_concurrency limits open loops, but this load has none; /],
  ['{ stages: [{ rate: 0, duration: 9s }] }', /^6:17: no stage sends a request; /],
  ['{ stages: [{ rate: 1, duration: 9s }], duration: 9s }', /^6:46: stages and traces define their own duration; /],
  [
    '{ trace: { file: no.jsonl } }',
    /^6:24: load\.trace\.file is "no\.jsonl", but \/sweeps\/no\.jsonl does not exist; /,
  ],
  ['{ concurrency: 1, timeout: 0 }', /^6:25: with timeout: 0, every request would fail; /],
  ['{ concurrency: 1, requests: 10 x }', /^6:35: load\.requests is "10 x"; write a number of requests, 10x/],
  ['{ concurrency: 1.5 }', /^6:22: load\.concurrency is 1\.5; write a whole number/],
  ['{ concurrency: 1, prompts: same }', /^6:34: the generator built-in makes fresh prompts/],
]

describe('mistakes in load', () => {
  for (const [load, problem] of mistakes) {
    test(load, async () => {
      const found = await problems(sweepText({ load }))
      assert.ok(
        found.some(line => problem.test(line)),
        found.join('\n'),
      )
    })
  }

  const stoppingOf = (requests: unknown, level: object = { concurrency: [1, 16, 512] }) => {
    const said: string[] = []
    const report = (path: readonly (string | number)[], wrong: string) => said.push(`${path.join('.')}: ${wrong}`)
    const loads = readLoads(loadSchema.parse({ ...level, requests }), { folder: '/', files: filesOf({}), report })
    return { said, loads }
  }

  test('requests: auto lies between ten and a hundred times the concurrency, and at 4,000 where ten times is less', () => {
    const { loads, said } = stoppingOf('auto')
    assert.deepEqual(said, [])
    assert.deepEqual(
      loads.map(load => [load.auto, load.requests, load.dataset]),
      [
        [{ min: 10, precision: 0.05 }, 100, 102],
        [{ min: 160, precision: 0.05 }, 1600, 1632],
        [{ min: 5120, precision: 0.05 }, 5120, 6144],
      ],
    )
  })

  test('bounds and precision of requests: auto are numbers, multiples and a percentage', () => {
    const { loads } = stoppingOf({ auto: { min: 50, max: '20x', precision: '2.5%' } }, { concurrency: 16 })
    assert.deepEqual(loads[0]?.auto, { min: 50, precision: 0.025 })
    assert.equal(loads[0]?.requests, 320)
  })

  test('a load without the rule says nothing of it, so that its points keep their ids', async () => {
    const [load] = await loadsOf('{ concurrency: 8 }')
    assert.ok(load !== undefined && !('auto' in load))
  })

  test('an open loop beside a closed one runs for its duration', () => {
    const { loads, said } = stoppingOf('auto', { concurrency: 4, request_rate: 2, duration: '90s' })
    assert.deepEqual(said, [])
    assert.deepEqual(
      loads.map(load => [load.requests, load.durationS, load.auto?.min]),
      [
        [400, undefined, 40],
        [undefined, 90, undefined],
      ],
    )
  })

  test('a rule that can end nothing is refused where it stands', () => {
    const wrong = (requests: unknown, level?: object) => stoppingOf(requests, level).said
    assert.deepEqual(wrong({ auto: { min: 200, max: 100 } }), [
      'load.requests.auto: min is 200 requests, above max, which is 100',
    ])
    assert.deepEqual(wrong({ auto: { min: 200 } }, { concurrency: 1 }), [])
    assert.deepEqual(wrong({ auto: { precision: '0.1%' } }), ['load.requests.auto.precision: invalid precision 0.1%'])
    assert.deepEqual(wrong({ auto: { max: '0x' } }), [
      'load.requests.auto.max: with max: 0x, nothing would be measured',
      'load.requests.auto: min is 10 requests, above max, which is 1',
    ])
    assert.match(
      wrong('auto', { stages: [{ rate: 1, duration: '60s' }] })[0] ?? '',
      /^load\.requests: .*stages: their rate/,
    )
    const trace = { trace: { file: 't.jsonl' } }
    assert.ok(wrong('auto', trace).some(said => /^load\.requests: .*can’t end a trace: .*as recorded/.test(said)))
    assert.deepEqual(wrong({ auto: { min: '10x' } }, { request_rate: 4 }), [
      'load.requests.auto.min: min: 10x is a multiple of the concurrency, which an open loop does not have',
    ])
  })

  test('open loops alone end by what they measure, between 20 s and 10 min of their rate', () => {
    const { loads, said } = stoppingOf('auto', { request_rate: [0.5, 10, 200] })
    assert.deepEqual(said, [])
    assert.deepEqual(
      loads.map(load => [load.auto, load.requests, load.durationS]),
      [
        [{ min: 100, precision: 0.05 }, 300, undefined],
        [{ min: 200, precision: 0.05 }, 4000, undefined],
        [{ min: 1000, precision: 0.05 }, 4000, undefined],
      ],
    )
    const { loads: stated } = stoppingOf({ auto: { min: 50, max: 80 } }, { request_rate: 10 })
    assert.deepEqual([stated[0]?.auto?.min, stated[0]?.requests], [50, 80])
  })
})

test('requests: auto ends loads of one process and of shards, but no window that is not steady', async () => {
  const load = '{ concurrency: 16, requests: auto }'
  assert.deepEqual(await problems(sweepText({ load })), [])
  const generator = '{ name: built-in, shards: 2 }'
  assert.deepEqual(await problems(sweepText({ load, generator })), [])
  assert.match(
    (await problems(sweepText({ load, generator: 'genai-perf' })))[0] ?? '',
    /the generator genai-perf does not support requests: auto; write a number/,
  )
  assert.match(
    (await problems(sweepText({ load: '{ concurrency: 16, requests: auto, warmup: 3 }' })))[0] ?? '',
    /warmup: 2x/,
  )
  const workloads = '[{ isl: 100, osl: 10, conversation: { turns: 4 } }]'
  assert.deepEqual(await problems(sweepText({ workloads, load: '{ concurrency: 4, requests: auto, warmup: 4x }' })), [])
  assert.match((await problems(sweepText({ workloads, load })))[0] ?? '', /warmup: 4x/)
  const [arriving] = await problems(sweepText({ workloads, load: '{ request_rate: 4, requests: auto }' }))
  assert.match(arriving ?? '', /conversations that arrive at a rate: they outlast the window/)
})

test('warmup: auto takes 2x to 30x of the concurrency, and prompts for all of them', async () => {
  const loads = await loadsOf('{ concurrency: [1, 64], requests: 10x, warmup: auto }')
  assert.deepEqual(
    loads.map(load => [load.warmup, load.autoWarmup, load.dataset]),
    [
      [2, { max: 30 }, 40],
      [128, { max: 1920 }, 2560],
    ],
  )
  const [stated] = await loadsOf('{ concurrency: 8, warmup: { auto: { max: 10x } } }')
  assert.deepEqual([stated?.warmup, stated?.autoWarmup], [16, { max: 80 }])
  const mixed = await loadsOf('{ concurrency: 8, request_rate: 4, requests: 10x, warmup: auto }')
  assert.deepEqual(
    mixed.map(load => [load.warmup, load.autoWarmup]),
    [
      [16, { max: 240 }],
      [20, undefined],
    ],
  )
})

for (const [load, told] of [
  ['{ request_rate: 4, warmup: auto }', /warmup: auto is for closed loops/],
  ['{ concurrency: 4, requests: auto, warmup: auto }', /cannot be combined/],
  ['{ concurrency: 4, duration: 60s, warmup: auto }', /duration ends this one/],
  ['{ concurrency: 4, streaming: false, warmup: auto }', /TTFT, which this load does not have/],
  ['{ concurrency: 4, window: whole, warmup: auto }', /window is whole/],
  ['{ concurrency: 4, warmup: { auto: { max: 1x } } }', /max is 4 requests, but at least the first 8 are warm-up/],
  ['{ concurrency: 4, warmup: { auto: { max: 0 } } }', /max/],
  ['{ concurrency: 4, warmup: automatic }', /auto/],
] as const) {
  test(`a load that warmup: auto can’t be of is refused: ${load}`, async () => {
    assert.match((await problems(sweepText({ load })))[0] ?? '', told)
  })
}

test('warmup: auto changes the identity of points, and of no others', async () => {
  const [auto] = await loadsOf('{ concurrency: 4, warmup: auto }')
  const [fixed] = await loadsOf('{ concurrency: 4, warmup: 2x }')
  assert.ok(auto !== undefined && fixed !== undefined)
  assert.ok(!('autoWarmup' in fixed))
  assert.notDeepEqual(auto, fixed)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Delivery } from '../../src/metrics/arrivals.ts'
import type { Measurement } from '../../src/metrics/measurement.ts'
import { judge, statusOf } from '../../src/metrics/validity.ts'
import type { Load, LoadLevel, Point, Slo } from '../../src/model/index.ts'
import { defaultLimits } from '../../src/model/index.ts'
import { oneValue } from './one-value.ts'

const at = (value: number, count = 1000) => oneValue(value, count)

function pointOf(level: LoadLevel = { kind: 'concurrency', concurrency: 64 }, slo: Slo = {}): Point {
  const load: Load = {
    level,
    api: 'chat',
    streaming: true,
    requests: 1000,
    graceS: 30,
    warmup: 128,
    dataset: 1128,
    seed: 100,
    timeoutMs: 60_000,
    extra: {},
  }
  return {
    id: 'p',
    deployment: {
      id: 'd',
      topology: { kind: 'aggregated', workers: 1 },
      model: { name: 'm', tokenizer: 'builtin:deepseek-v3' },
      engine: {},
      gpusPerWorker: { prefill: 4, decode: 4, aggregated: 4 },
    },
    workload: { name: '1000/100', isl: { kind: 'fixed', tokens: 1000 }, osl: { kind: 'fixed', tokens: 100 } },
    load,
    generator: 'built-in',
    slo,
    limits: defaultLimits,
    repeat: 1,
  }
}

/** A measurement with nothing wrong. */
const sound: Measurement = {
  generator: { name: 'built-in', version: '1' },
  startedAt: '2026-01-01T00:00:00Z',
  durationS: 60,
  wallS: 61,
  requests: { sent: 1000, completed: 1000, failed: 0 },
  errors: [],
  ttftMs: at(50),
  ttstMs: at(10),
  itlMs: at(10),
  interChunkMs: at(10),
  requestLatencyMs: at(1000),
  fromSend: null,
  isl: at(1000),
  osl: at(100),
  outputTokensPerSPerUser: at(100),
  prefillTokensPerSPerUser: at(20_000),
  totals: { inputTokens: 1e6, outputTokens: 1e5, chunks: 1e5 },
  requestsPerS: 17,
  outputTokensPerS: 1700,
  inputTokensPerS: 17_000,
  goodputPerS: null,
  tokenSource: 'usage',
  steady: { method: 'MSER-5', reached: true, fromS: 0 },
  client: {
    sendLatenessMs: at(1),
    eventLoopDelayMs: { mean: 1, p99: 2, max: 5 },
    cpuShare: 0.3,
    cpuS: 18,
    gcMs: 100,
    threads: 1,
    inFlight: { mean: 63.5, max: 64 },
    clockJumpMs: 0,
  },
  deviation: { isl: 0, osl: 0 },
  files: [],
}

const client = (change: Partial<Measurement['client']>): Measurement => ({
  ...sound,
  client: { ...sound.client, ...change },
})

const codes = (measurement: Measurement, point = pointOf()) => judge(point, measurement).map(finding => finding.code)

test('a sound measurement has no finding and is ok', () => {
  assert.deepEqual(judge(pointOf(), sound), [])
  assert.equal(statusOf([]), 'ok')
})

const counted = { usage: 1000, tokenizer: 0, chunks: 0, missing: 0, early: 0, impossible: 0, noPromptTokens: 0 }

const invalid: readonly (readonly [string, Measurement, RegExp])[] = [
  [
    'error-share',
    {
      ...sound,
      requests: { sent: 1000, completed: 980, failed: 20 },
      errors: [{ kind: 'http-status', count: 20, example: 'HTTP 503' }],
    },
    /20 of 1,000 requests failed \(2%, limit 1%.*http-status \(20\): HTTP 503/,
  ],
  [
    'nothing-answered',
    { ...sound, requests: { sent: 10, completed: 0, failed: 10 }, requestLatencyMs: null },
    /none of 10 requests/,
  ],
  ['nothing-sent', { ...sound, requests: { sent: 0, completed: 0, failed: 0 } }, /sent no requests/],
  ['client-late', client({ sendLatenessMs: at(25) }), /p99 25\.0 ms, limit 20\.0 ms/],
  ['event-loop-delay', client({ eventLoopDelayMs: { mean: 5, p99: 80, max: 90 } }), /p99 80\.0 ms/],
  ['client-starved', client({ runQueueShare: 0.6 }), /for 60% of the time .* got no core, limit 40%/],
  ['client-cpu', client({ cpuShare: 0.97 }), /busy 97% of the time of its 1 thread/],
  ['in-flight-below-asked', client({ inFlight: { mean: 40, max: 64 } }), /40 requests were in flight.* instead of 64/],
  [
    'in-flight-below-asked',
    client({ inFlight: { mean: 63, max: 64, held: 0.5 } }),
    /kept one in flight for 50% of the time, limit 90%/,
  ],
  ['isl-deviation', { ...sound, deviation: { isl: 0.1, osl: 0 } }, /prompts were 10% longer/],
  ['osl-deviation', { ...sound, deviation: { isl: 0, osl: -0.5 } }, /answers were 50% shorter.*ignore_eos/],
  [
    'osl-deviation',
    { ...sound, deviation: { isl: 0, osl: 99 } },
    /answers were 9,900% longer(?!.*ignore_eos).*ignores max_tokens, or its usage counts/,
  ],
]

for (const [code, measurement, message] of invalid) {
  test(`${code} makes a point invalid and says with figures why`, () => {
    const findings = judge(pointOf(), measurement)
    const found = findings.find(finding => finding.code === code)
    assert.equal(found?.severity, 'invalid')
    assert.match(found.message, message)
    assert.equal(statusOf(findings), 'invalid')
  })
}

/** Answers of which every chunk came by itself, 10 ms after the one before. */
const delivery: Delivery = {
  answers: 1000,
  lateFirst: null,
  plainOutputTokensPerSPerUser: 100,
  lateLast: null,
  later: { chunks: 1, gapMs: 10 },
}
const lateFirst = (answers: number, heldMs: number) => ({ answers, tokens: heldMs / 10, heldMs })

const doubtful: readonly (readonly [string, Measurement])[] = [
  ['errors', { ...sound, requests: { sent: 1000, completed: 999, failed: 1 } }],
  ['connection-errors', { ...sound, errors: [{ kind: 'connect', count: 1, example: 'ECONNREFUSED' }] }],
  ['client-gc', client({ gcMs: 6000 })],
  ['clock-jump', client({ clockJumpMs: -3000 })],
  ['no-steady-state', { ...sound, steady: { method: 'MSER-5', reached: false, fromS: 30, note: 'it rose' } }],
  ['ttft-drifts', { ...sound, window: 'steady', ttftTrend: { change: -0.4, z: -3.2 } }],
  ['few-samples', { ...sound, requestLatencyMs: at(1000, 40) }],
  ['one-piece-answers', { ...sound, onePiece: 100, itlMs: at(10, 900) }],
  ['one-piece-answers', { ...sound, onePiece: 1000, itlMs: null, outputTokensPerSPerUser: null }],
  ['late-first-chunk', { ...sound, delivery: { ...delivery, lateFirst: lateFirst(900, 46) } }],
  ['late-first-chunk', { ...sound, delivery: { ...delivery, lateFirst: lateFirst(500, 5) } }],
  ['late-last-chunk', { ...sound, delivery: { ...delivery, lateLast: { answers: 500, gapMs: 45, otherGapMs: 5 } } }],
  ['bundled-chunks', { ...sound, delivery: { ...delivery, later: { chunks: 10, gapMs: 100 } } }],
  [
    'impossible-usage',
    { ...sound, tokenSource: 'tokenizer', tokenCounts: { ...counted, usage: 0, tokenizer: 1000, impossible: 1000 } },
  ],
  ['impossible-usage', { ...sound, tokenCounts: { ...counted, usage: 996, tokenizer: 4, early: 4 } }],
  ['impossible-prompt-tokens', { ...sound, tokenCounts: { ...counted, noPromptTokens: 1000 } }],
  ['tokens-from-tokenizer', { ...sound, tokenCounts: { ...counted, usage: 996, tokenizer: 4, missing: 4 } }],
  ['tokens-from-chunks', { ...sound, tokenCounts: { ...counted, usage: 996, chunks: 4, missing: 4 } }],
  ['tokens-from-chunks', { ...sound, tokenSource: 'chunks' }],
]

for (const [code, measurement] of doubtful) {
  test(`${code} is said without making the point invalid`, () => {
    assert.deepEqual(codes(measurement), [code])
    assert.equal(statusOf(judge(pointOf(), measurement)), 'ok')
  })
}

test('a limit of the sweep file decides, not the default', () => {
  const lenient = { ...pointOf(), limits: { ...defaultLimits, sendLatenessP99Ms: 100 } }
  assert.deepEqual(codes(client({ sendLatenessMs: at(25) }), lenient), [])
})

test('what a generator cannot know of itself is not held against it', () => {
  const unknown = client({ sendLatenessMs: null, eventLoopDelayMs: null, cpuShare: null, gcMs: null, inFlight: null })
  assert.deepEqual(codes(unknown), [])
})

test('percentiles say how many samples they rest on', () => {
  const [few] = judge(pointOf(), { ...sound, requestLatencyMs: at(1000, 40) })
  assert.match(few?.message ?? '', /^p95 and p99 rest on 40 samples; .* 130 for a p95 and 662 for a p99/)
  const [more] = judge(pointOf(), { ...sound, requestLatencyMs: at(1000, 200) })
  assert.match(more?.message ?? '', /^p99 rests on 200 samples/)
})

test('an objective on a p95 of under 20 samples is worth a warning', () => {
  const [finding] = judge(pointOf(undefined, { ttftP95Ms: 100 }), { ...sound, requestLatencyMs: at(1000, 10) })
  assert.equal(finding?.severity, 'warning')
})

test('an open loop that ran into its concurrency limit says that it was none', () => {
  const level: LoadLevel = { kind: 'rate', requestsPerS: 20, arrivals: { kind: 'poisson' }, maxConcurrency: 64 }
  assert.deepEqual(codes(sound, pointOf(level)), ['concurrency-limit-hit'])
  assert.deepEqual(codes(client({ inFlight: { mean: 10, max: 63 } }), pointOf(level)), [])
})

test('users who think are not held against the generator', () => {
  assert.deepEqual(codes(client({ inFlight: { mean: 6, max: 64, held: 1 } })), [])
})

test('a single wave is marked as a load that was never steady, and valid', () => {
  const wave = { ...sound, requests: { sent: 64, completed: 64, failed: 0 } }
  const findings = judge(pointOf(), wave)
  assert.deepEqual(
    findings.map(({ code, severity }) => [code, severity]),
    [['no-steady-state', 'warning']],
  )
  assert.match(findings[0]?.message ?? '', /all 64 requests formed one wave/)
  assert.equal(statusOf(findings), 'ok')
})

test('fewer requests than concurrency need not fill it', () => {
  const few = { ...client({ inFlight: { mean: 8, max: 8 } }), requests: { sent: 8, completed: 8, failed: 0 } }
  assert.ok(!codes(few).includes('in-flight-below-asked'))
})

const seenByServer = (meanS: number): Measurement => ({
  ...sound,
  server: { frontend: { dynamo_frontend_time_to_first_token_seconds: { mean: meanS, max: meanS, last: meanS } } },
})

test('a TTFT that the server sees quite differently is pointed out', () => {
  assert.deepEqual(codes(seenByServer(0.02)), ['server-ttft-differs'])
  assert.match(
    judge(pointOf(), seenByServer(0.02))[0]?.message ?? '',
    /mean TTFT is 50\.0 ms at the generator and 20\.0 ms at the server/,
  )
  assert.deepEqual(codes(seenByServer(0.048)), [])
})

test('the gravest finding comes first', () => {
  const findings = judge(pointOf(), { ...client({ cpuShare: 0.99 }), requestLatencyMs: at(1000, 40) })
  assert.deepEqual(
    findings.map(finding => finding.severity),
    ['invalid', 'note'],
  )
})

test('requests of a disaggregated deployment that no prefill worker took up are told, whatever was in flight when the window began', () => {
  const level: LoadLevel = { kind: 'concurrency', concurrency: 2 }
  const aggregated = pointOf(level)
  const point: Point = {
    ...aggregated,
    deployment: { ...aggregated.deployment, topology: { kind: 'disaggregated', prefill: 1, decode: 1 } },
  }
  const counts = (name: string, prefill: number, decode: number): Measurement => {
    const of = (last: number) => ({ [name]: { mean: last / 10, max: last / 10, last } })
    return { ...sound, server: { 'prefill-0': of(prefill), 'decode-0': of(decode) } }
  }
  const told = (subject: Point, measurement: Measurement) =>
    judge(subject, measurement).filter(({ code }) => code === 'prefill-bypassed').length
  const name = 'dynamo_component_requests_total'
  assert.equal(told(point, counts(name, 6, 10)), 1)
  assert.equal(told(point, counts(`${name}{dynamo_endpoint="generate"}`, 6, 10)), 1)
  assert.equal(told(point, counts(name, 8, 10)), 0)
  assert.equal(told(point, counts('other_requests_total', 6, 10)), 0)
  assert.equal(told(aggregated, counts(name, 6, 10)), 0)
  const lenient = { ...point, limits: { ...point.limits, prefillBypassShare: 1 } }
  assert.equal(told(lenient, counts(name, 0, 10)), 0)
})

test('counts of prefill and decode workers over different spans are no sign of a bypass', () => {
  const level: LoadLevel = { kind: 'concurrency', concurrency: 8 }
  const aggregated = pointOf(level)
  const point: Point = {
    ...aggregated,
    deployment: { ...aggregated.deployment, topology: { kind: 'disaggregated', prefill: 1, decode: 1 } },
  }
  const counted = (count: number, spanS: number) => ({
    dynamo_component_requests_total: { mean: count / spanS, max: count / spanS, last: count },
  })
  const told = (prefill: readonly [count: number, spanS: number], decode: readonly [count: number, spanS: number]) =>
    judge(point, { ...sound, server: { 'prefill-0': counted(...prefill), 'decode-0': counted(...decode) } }).some(
      ({ code }) => code === 'prefill-bypassed',
    )
  assert.equal(told([8, 1], [18, 1]), true)
  assert.equal(told([8, 0.5], [18, 1.05]), false)
  assert.equal(told([50, 5], [200, 10]), true)
  assert.equal(told([20, 2], [18, 1]), false)
})

test('prompts that repeated are told, as a prefix cache answers them sooner', () => {
  const point = pointOf()
  const few = { ...point, load: { ...point.load, dataset: 768 } }
  const [finding] = judge(few, sound)
  assert.deepEqual([finding?.code, finding?.severity], ['prompts-repeated', 'warning'])
  assert.match(finding?.message ?? '', /^360 of 1,000 requests/)
  const talks = { ...few, workload: { ...few.workload, conversation: { turns: 3, thinkMs: 0 } } }
  assert.deepEqual(judge(talks, sound), [])
})

test('prompts that repeated are told by what was sent, however many were asked for', () => {
  const point = pointOf()
  const file = { ...point, workload: { ...point.workload, datasetFile: '/data/prompts.jsonl' } }
  const sent = { ...sound, prompts: { available: 8, distinct: 8, repeated: 1000 } }
  const [finding] = judge(file, sent)
  assert.equal(finding?.code, 'prompts-repeated')
  assert.match(
    finding?.message ?? '',
    /^1,000 of 1,000 requests repeated an earlier prompt: there are 8 prompts \(prompts\.jsonl\) for 1,128 requests/,
  )
  const none = { ...sound, prompts: { available: 768, distinct: 768, repeated: 0 } }
  assert.deepEqual(judge({ ...point, load: { ...point.load, dataset: 768 } }, none), [])
})

test('a dataset of other lengths than the workload says is told, and is no fault of the server', () => {
  const point = pointOf()
  const ofRequests = { isl: 0.001, osl: -0.001 }
  const measured = { ...sound, isl: at(93), osl: at(40), deviation: { isl: -0.907, osl: -0.6, ofRequests } }
  const found = judge(point, measured)
  assert.deepEqual(
    found.map(({ code, severity }) => [code, severity]),
    [
      ['dataset-isl', 'warning'],
      ['dataset-osl', 'warning'],
    ],
  )
  assert.match(found[0]?.message ?? '', /mean ISL is 93 tokens, but the workload says 1,000.* Write isl: 93/)
  const cut = { ...measured, deviation: { isl: -0.907, osl: 0, ofRequests: { isl: -0.1, osl: 0 } } }
  assert.deepEqual(
    judge(point, cut).map(({ code, severity }) => [code, severity]),
    [
      ['isl-deviation', 'invalid'],
      ['dataset-isl', 'warning'],
    ],
  )
})

const wholeRun = (ttftP95Ms: number, outputTokensPerS: number): Measurement => ({
  ...sound,
  window: 'steady',
  outputTokensPerS: 1000,
  ttftMs: at(100),
  whole: { ...sound, ttftMs: at(ttftP95Ms), outputTokensPerS },
})
const codesOf = (measurement: Measurement) => judge(pointOf(), measurement).map(finding => finding.code)

test('a whole run that tells something else than the steady window is noted, with both', () => {
  const finding = judge(pointOf(), wholeRun(400, 940)).find(({ code }) => code === 'whole-run-differs')
  assert.equal(finding?.severity, 'note')
  assert.match(
    finding?.message ?? '',
    /TTFT p95 400 ms and 940 tokens\/s; the steady window has TTFT p95 100 ms and 1,000/,
  )
})

test('a whole run is compared by what both have: throughput alone where answers were not streamed, nothing where nothing was told', () => {
  const unstreamed = { ...wholeRun(400, 500), ttftMs: null }
  assert.match(
    judge(pointOf(), unstreamed).find(({ code }) => code === 'whole-run-differs')?.message ?? '',
    /has TTFT p95 400 ms and 500 tokens\/s; the steady window has 1,000 tokens\/s\./,
  )
  assert.ok(!codesOf({ ...unstreamed, outputTokensPerS: null }).includes('whole-run-differs'))
  assert.ok(!codesOf({ ...unstreamed, osl: null }).includes('whole-run-differs'))
})

test('a whole run that tells the same is not', () => {
  assert.ok(!codesOf(wholeRun(105, 990)).includes('whole-run-differs'))
})

test('a TTFT that drifts is told of a steady window alone, where its change matters and is no accident', () => {
  const found = (more: Partial<Measurement>) =>
    judge(pointOf(), { ...sound, window: 'steady', ttftTrend: { change: -0.4, z: -3.2 }, ...more }).map(
      ({ code }) => code,
    )
  assert.deepEqual(found({}), ['ttft-drifts'])
  assert.deepEqual(found({ window: 'whole' }), [])
  assert.deepEqual(found({ ttftTrend: { change: -0.09, z: -3.2 } }), [])
  assert.deepEqual(found({ ttftTrend: { change: -0.4, z: -1.9 } }), [])
  assert.deepEqual(found({ ttftTrend: null }), [])
})

test('the advice on a TTFT that drifts fits the load and the warm-up', () => {
  const falling = { ...sound, window: 'steady', ttftTrend: { change: -0.4, z: -3.2 } } as const
  const advice = (more: Partial<Measurement>, level?: LoadLevel) =>
    judge(pointOf(level), { ...falling, ...more }).find(({ code }) => code === 'ttft-drifts')?.message
  assert.match(advice({}) ?? '', /write warmup: auto, or raise load\.warmup$/)
  const rate = { kind: 'rate', requestsPerS: 4, arrivals: { kind: 'constant' } } as const
  assert.match(advice({}, rate) ?? '', /settled load, raise load\.warmup$/)
  const warmUp = { reason: 'max', requests: 480, max: 480 } as const
  assert.match(advice({ warmUp }) ?? '', /raise max of warmup: auto$/)
})

test('a window that waited until TTFT was steady says after how many requests it began', () => {
  const said = (warmUp: Measurement['warmUp']) =>
    judge(pointOf(), { ...sound, ...(warmUp === undefined ? {} : { warmUp }) }).map(({ code, message }) => [
      code,
      message,
    ])
  assert.deepEqual(said(undefined), [])
  assert.deepEqual(said({ reason: 'steady', requests: 320, max: 1480 }), [
    ['warmed-up', 'the window began after 320 of at most 1,480 requests, where TTFT no longer fell'],
  ])
  assert.equal(said({ reason: 'max', requests: 1480, max: 1480 })[0]?.[0], 'warm-up-at-max')
})

test('a late first chunk is described with the speed that genai-perf gives, and how long answers have to be for it', () => {
  const { message = '' } =
    judge(pointOf(), {
      ...sound,
      delivery: { ...delivery, lateFirst: lateFirst(900, 80), plainOutputTokensPerSPerUser: 770 },
    }).find(({ code }) => code === 'late-first-chunk') ?? {}
  assert.match(message, /900 of 1,000 answers came late: 8 more tokens arrived with it, which take 80\.0 ms/)
  assert.match(message, /: 100 tokens\/s\. genai-perf's definition gives 770, and needs answers of 170 tokens/)
})

const ordinary: readonly (readonly [string, Measurement])[] = [
  ['chunks that come one by one', { ...sound, delivery }],
  [
    'a first chunk that comes late now and then',
    { ...sound, delivery: { ...delivery, lateFirst: lateFirst(499, 46) } },
  ],
  ['two tokens of a fast engine', { ...sound, delivery: { ...delivery, lateFirst: lateFirst(1000, 0.6) } }],
  ['chunks of a fast engine in one read', { ...sound, delivery: { ...delivery, later: { chunks: 4, gapMs: 2 } } }],
  [
    'a last chunk that comes late now and then',
    { ...sound, delivery: { ...delivery, lateLast: { answers: 499, gapMs: 45, otherGapMs: 5 } } },
  ],
  [
    'a client that was too busy to see when bytes arrived',
    {
      ...client({ stampUncertaintyMs: { ...at(30), p99: 60 } }),
      delivery: {
        ...delivery,
        lateFirst: lateFirst(900, 46),
        lateLast: { answers: 900, gapMs: 45, otherGapMs: 5 },
        later: { chunks: 10, gapMs: 100 },
      },
    },
  ],
]

for (const [what, measurement] of ordinary) {
  test(`no finding on delivery for ${what}`, () => {
    assert.deepEqual(
      codes(measurement).filter(code => !code.startsWith('client')),
      [],
    )
  })
}

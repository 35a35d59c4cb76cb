import type { JournalLine, PointResult } from '../../src/journal/index.ts'
import { contentId, type Deployment, defaultLimits, type Point, type Topology } from '../../src/model/index.ts'
import { adaptive } from '../../src/search/adaptive.ts'
import type { Choice } from '../../src/search/choice.ts'
import type { Plan, Sweep } from '../../src/spec/sweep.ts'
import { measurementOf } from '../runner/small-system.ts'

/**
 * A system that keeps the search's assumptions: workers of a kind do equally well however many they are, ITL rises in a
 * straight line with the sequences of a decode worker, prompts are read at a fixed rate, and a closed loop obeys
 * Little's law.
 */
export interface SyntheticSystem {
  readonly prefillPerS: number
  readonly prefillS: number
  readonly itlS: number
  /** Seconds that each further sequence adds to a step. */
  readonly itlPerSequenceS: number
  readonly osl: number
  readonly ttftLimitMs: number
}

export function syntheticPlan(
  topologies: readonly Topology[],
  concurrencies: readonly number[],
  system: SyntheticSystem,
  repeats = 1,
): Plan {
  const deployments = topologies.map(topology => {
    const deployment: Deployment = {
      id: contentId({ topology }),
      topology,
      model: { name: 'synthetic', tokenizer: 'builtin:deepseek-v3' },
      engine: {},
      gpusPerWorker: { prefill: 1, decode: 1, aggregated: 1 },
    }
    const points = Array.from({ length: repeats }, (_, index) =>
      concurrencies.map(concurrency => pointOf(deployment, concurrency, index + 1, system)),
    ).flat()
    return { deployment, points }
  })
  const cost = { workersStarted: 1, workersStopped: 0 }
  return {
    sweep: {
      name: 'synthetic',
      file: '/synthetic.yaml',
      text: '',
      search: 'adaptive',
      budget: {},
      deploy: { startupS: 0.1, fixed: () => null },
    } as unknown as Sweep,
    deployments,
    cost,
    nestedLoopCost: cost,
    lowerBound: 1,
    exact: true,
    pointCount: deployments.reduce((sum, { points }) => sum + points.length, 0),
    estimate: null,
  }
}

function pointOf(deployment: Deployment, concurrency: number, repeat: number, system: SyntheticSystem): Point {
  const body = {
    deployment,
    workload: {
      name: 'synthetic',
      isl: { kind: 'fixed', tokens: 100 },
      osl: { kind: 'fixed', tokens: system.osl },
    },
    load: {
      level: { kind: 'concurrency', concurrency },
      api: 'chat',
      streaming: true,
      requests: 10 * concurrency,
      graceS: 0,
      warmup: 0,
      dataset: 1,
      seed: 100 + repeat,
      timeoutMs: 1000,
      extra: {},
    },
    generator: 'built-in',
    slo: { ttftP95Ms: system.ttftLimitMs },
    limits: defaultLimits,
    repeat,
  } as const
  return { id: contentId(body), ...body }
}

/** What the synthetic system shows at a point. */
export function resultOf(point: Point, system: SyntheticSystem): PointResult {
  const { topology } = point.deployment
  const [prefill, decode] =
    topology.kind === 'aggregated' ? [topology.workers, topology.workers] : [topology.prefill, topology.decode]
  const { level } = point.load
  const concurrency = level.kind === 'concurrency' ? level.concurrency : 0
  const most = prefill * system.prefillPerS
  // Fewer requests than workers leave some idle; a worker that takes a step has a sequence.
  const stepS = (sequences: number) => system.itlS + system.itlPerSequenceS * Math.max(1, sequences)
  let [low, high] = [0, concurrency / decode]
  for (let i = 0; i < 60; i++) {
    const sequences = (low + high) / 2
    const itlS = stepS(sequences)
    const rate = Math.min(most, concurrency / (system.prefillS + system.osl * itlS))
    if ((rate * system.osl * itlS) / decode > sequences) low = sequences
    else high = sequences
  }
  const itlS = stepS(low)
  const requestsPerS = Math.min(most, concurrency / (system.prefillS + system.osl * itlS))
  const ttftMs = 1000 * (concurrency / requestsPerS - system.osl * itlS)
  const plain = measurementOf(point)
  const flat = (value: number) => {
    const names = ['mean', 'min', 'p1', 'p5', 'p10', 'p25', 'p50', 'p75', 'p90', 'p95', 'p99', 'max'] as const
    const all = Object.fromEntries(names.map(name => [name, value])) as { [name in (typeof names)[number]]: number }
    return { ...all, count: 100, stddev: 0 }
  }
  const measurement = {
    ...plain,
    ttftMs: flat(ttftMs),
    itlMs: flat(1000 * itlS),
    outputTokensPerSPerUser: flat(1 / itlS),
    requestsPerS,
    outputTokensPerS: requestsPerS * system.osl,
  }
  return { point, status: 'ok', reason: '', findings: [], measurement }
}

/** Runs a search from a journal's beginning to its end; returns the whole journal. */
export function searchFrom(
  plan: Plan,
  begun: readonly JournalLine[],
  measure: (point: Point) => PointResult,
  choice: Choice = adaptive(plan),
): readonly JournalLine[] {
  const lines = [...begun]
  for (;;) {
    const planned = choice.deployment(lines)
    if (planned === null) return lines
    const point = choice.point(planned, lines)
    if (point === undefined) throw new Error('a deployment was chosen that has nothing to measure')
    lines.push({ seq: lines.length, at: '', event: { type: 'point', result: measure(point), elapsedS: 1 } })
  }
}

export const pointIds = (lines: readonly JournalLine[]): readonly string[] =>
  lines.flatMap(({ event }) => (event.type === 'point' ? [event.result.point.id] : []))

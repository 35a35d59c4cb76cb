import { analyse } from '../../src/analysis/analyse.ts'
import { type BottleneckFinding, bottleneckAt } from '../../src/analysis/tune/bottleneck.ts'
import { referenceOf, type Tuning, tune } from '../../src/analysis/tune/tune.ts'
import type { PointResult } from '../../src/journal/event.ts'
import type { Run } from '../../src/journal/run.ts'
import type { Measurement } from '../../src/metrics/measurement.ts'
import type { EngineSettings, Length, Point, Role, Slo, Topology } from '../../src/model/index.ts'
import {
  contentId,
  createRandom,
  defaultLimits,
  meanTokens,
  rolesOf,
  topologyLabel,
  workersOf,
} from '../../src/model/index.ts'
import { createEngine } from '../../src/simulator/engine.ts'
import { lengthSource } from '../../src/simulator/lengths.ts'
import type { Correction, Profile } from '../../src/simulator/profile.ts'
import { engineRequest } from '../../src/simulator/request.ts'
import { workerText } from '../../src/simulator/server/metrics.ts'
import { simulate } from '../../src/simulator/simulate.ts'
import { parseExposition } from '../../src/telemetry/exposition.ts'
import { type DueScrape, scrapesWithin, sourceMetrics } from '../../src/telemetry/window.ts'

/** A system of which the simulated engine says in virtual time what holds it back. */
export interface VirtualSystem {
  readonly name: string
  readonly because: string
  readonly topology: Topology
  readonly isl: number
  readonly osl: number | Length
  /** Heaviest last; the diagnosis is of that one. */
  readonly concurrencies: readonly number[]
  readonly engine?: { readonly [role in Role]?: EngineSettings }
  readonly change?: (profile: Profile) => Profile
  /** Requests of a point, times its concurrency. */
  readonly times?: number
  readonly warmup?: number
  readonly slo?: Slo
  /** Other topologies in the run. */
  readonly beside?: readonly Topology[]
}

/** What would help, and by how much throughput grows with it at the same load in steady state. */
export interface Truth {
  /** What helps most. */
  readonly stage: BottleneckFinding['stage']
  /** What is true as well: helps nearly as much, or so little that it may count as nothing. */
  readonly alike: readonly BottleneckFinding['stage'][]
  /** Throughput with a remedy over that without, by remedy. */
  readonly gains: { readonly [remedy: string]: number }
}

/** A remedy that brings less than this is none; a little more or less may be called either. */
const leastGain = 1.08
const surelyNone = 1.05
const surelySome = 1.12
/** A remedy that brings this share of what the best one does is as true. */
const alikeShare = 0.7

type Setup = Pick<VirtualSystem, 'topology' | 'engine' | 'isl' | 'osl'> & { readonly profile: Profile }

const lengthOf = (osl: number | Length): Length => (typeof osl === 'number' ? { kind: 'fixed', tokens: osl } : osl)

/**
 * Output tokens/s of a closed loop over 60 answers a slot, 20 of each left out before; a loop of its own, apart from
 * `simulate`.
 */
export function steadyThroughput({ topology, engine = {}, isl, osl, profile }: Setup, concurrency: number): number {
  const system = createEngine({ profile })
  for (const role of rolesOf(topology))
    for (let worker = 0; worker < workersOf(topology, role); worker++) system.addWorker(role, engine[role] ?? {}, 0)
  const next = lengthSource(lengthOf(osl), createRandom(7))
  const [first, last] = [20 * concurrency, 80 * concurrency]
  let [answers, tokens, fromMs, toMs] = [0, 0, 0, 0]
  const send = (arrivedMs: number) => {
    system.submit(
      engineRequest({
        promptTokens: isl,
        outputTokens: next(),
        arrivedMs,
        onFinish: ({ finishedMs, outputTokens }) => {
          answers++
          if (answers === first) fromMs = finishedMs
          if (answers > first && answers <= last) {
            tokens += outputTokens
            toMs = finishedMs
          }
          send(finishedMs)
        },
      }),
    )
  }
  for (let slot = 0; slot < concurrency; slot++) send(slot * 0.1)
  while (answers < last) system.advanceTo(system.nextEventMs())
  return (1000 * tokens) / (toMs - fromMs)
}

const uncorrected: Correction = {
  prefill: { scale: 1, fixedMs: 0, per1000TokensMs: 0 },
  decode: { scale: 1, fixedMs: 0, perSequenceMs: 0, sequenceExponent: 1, per1000ContextTokensMs: 0 },
}

/**
 * Tries remedies one by one at the heaviest load. Pools are doubled: a few workers more or less can fall into another
 * rhythm.
 */
export function truthOf(system: VirtualSystem, base: Profile): Truth {
  const profile = system.change?.(base) ?? base
  const { topology, engine = {} } = system
  const concurrency = Math.max(...system.concurrencies)
  const setup: Setup = { topology, engine, isl: system.isl, osl: system.osl, profile }
  const before = steadyThroughput(setup, concurrency)
  const gain = (change: Partial<Setup>) => steadyThroughput({ ...setup, ...change }, concurrency) / before
  const { correction = uncorrected } = profile
  const faster = (role: 'prefill' | 'decode') => {
    const half = { ...correction[role], scale: 0.5 * correction[role].scale }
    return gain({ profile: { ...profile, correction: { ...correction, [role]: half } } })
  }
  const twice = (setting: string) =>
    gain({
      engine: Object.fromEntries(Object.entries(engine).map(([role, settings]) => [role, doubled(settings, setting)])),
    })
  const pools = (prefill: number, decode: number) =>
    topology.kind === 'aggregated'
      ? gain({ topology: { ...topology, workers: prefill * topology.workers } })
      : gain({ topology: { ...topology, prefill: prefill * topology.prefill, decode: decode * topology.decode } })
  const { transfer, frontend } = profile
  const gains = {
    all: pools(2, 2),
    prefill: topology.kind === 'aggregated' ? faster('prefill') : pools(2, 1),
    decode: topology.kind === 'aggregated' ? faster('decode') : pools(1, 2),
    slots: twice('max_batch_size'),
    memory: twice('kv_cache_config'),
    transfer: gain({
      profile: { ...profile, transfer: { bytesPerS: 10 * transfer.bytesPerS, latencyMs: 0.1 * transfer.latencyMs } },
    }),
    frontend: gain({ profile: { ...profile, frontend: { ...frontend, fixedMs: 0.1 * frontend.fixedMs } } }),
  }
  return { ...stageOf(gains), gains }
}

function doubled(settings: EngineSettings, name: string): EngineSettings {
  const value = settings[name]
  if (typeof value === 'number') return { ...settings, [name]: 2 * value }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return settings
  const { max_tokens: tokens, ...rest } = value as { readonly max_tokens?: number }
  return { ...settings, [name]: { ...rest, max_tokens: 2 * (tokens ?? 0) } }
}

const stages = {
  prefill: 'prefill queueing',
  decode: 'decode batch',
  slots: 'decode batch',
  memory: 'KV memory',
  transfer: 'KV transfer',
  frontend: 'frontend',
} as const

/**
 * Memory and slots have no effect unless they are what is short; more workers relieve them too. A faster pass helps at
 * any load, so where workers do both, twice as many must help before one of the two is what holds back.
 */
function stageOf(gains: { readonly [remedy in keyof typeof stages | 'all']: number }): Omit<Truth, 'gains'> {
  if (gains.memory >= leastGain) return { stage: 'KV memory', alike: [] }
  const outside = Math.max(gains.transfer, gains.frontend)
  const held = Math.max(outside, gains.slots, gains.all)
  const names = Object.keys(stages) as (keyof typeof stages)[]
  const ranked = names.toSorted((a, b) => gains[b] - gains[a])
  const [best] = ranked
  const most = best === undefined ? 1 : Math.min(gains[best], Math.max(held, outside))
  const near = ranked.filter(name => gains[name] - 1 >= alikeShare * ((best === undefined ? 1 : gains[best]) - 1))
  // Both pools are at their limit: neither helps without the other.
  const both: readonly Truth['stage'][] =
    most < surelySome && gains.all >= surelySome ? ['prefill queueing', 'decode batch'] : []
  const alike = [
    ...(most >= surelyNone ? near.map(name => stages[name]) : []),
    ...(most <= surelySome && gains.all <= surelySome ? ['none shown' as const] : []),
    ...both,
  ]
  if (best === undefined || most < leastGain) return { stage: 'none shown', alike }
  return { stage: stages[best], alike }
}

/** How a system is seen: by the servers' gauges too, in a steady window or over a whole run. */
export interface How {
  readonly gauges?: boolean
  /** Whether the sweep knows the workers' settings. An attached endpoint's are unknown. */
  readonly settings?: boolean
  readonly window?: 'whole'
}

/** Measures the system as a run: each point by `simulate`, with the servers' gauges once a second of virtual time. */
export function virtualRun(system: VirtualSystem, base: Profile, how: How = {}): Run {
  const profile = system.change?.(base) ?? base
  const topologies = [system.topology, ...(system.beside ?? [])]
  const results = topologies.flatMap(topology =>
    system.concurrencies.map((concurrency): PointResult => {
      const point = pointOf(system, topology, concurrency)
      const measurement = measured(point, profile, how)
      const { deployment } = point
      const shown = how.settings === false ? { ...point, deployment: { ...deployment, engine: {} } } : point
      return { point: shown, status: 'ok', reason: '', findings: [], measurement }
    }),
  )
  return {
    folder: `/virtual/${system.name}`,
    manifest: {
      schema: 1,
      sweep: system.name,
      runId: '2026-01-01T00-00-00Z',
      createdAt: '2026-01-01T00:00:00.000Z',
      sweepFile: `${system.name}.yaml`,
      sweepText: '',
      command: ['fulcrum', 'run', `${system.name}.yaml`],
      versions: { fulcrum: 'virtual', node: process.versions.node },
      git: null,
      host: { name: 'virtual time', os: '', cpu: '', cores: 1, memoryGib: 1 },
      plan: { points: results.length, deployments: topologies.length, workersStarted: 1, lowerBound: 1, exact: true },
    },
    lines: [],
    results,
    deployments: [],
    ended: { type: 'run-ended', outcome: 'complete', reason: '' },
    torn: false,
  }
}

function pointOf(system: VirtualSystem, topology: Topology, concurrency: number): Point {
  const { isl, osl, times = 10, warmup = 1, slo = {}, engine = {} } = system
  const shape = {
    topology,
    model: { name: 'nvidia/DeepSeek-R1-FP4', tokenizer: 'builtin:deepseek-v3' },
    engine: Object.fromEntries(
      rolesOf(topology).flatMap(role => (engine[role] === undefined ? [] : [[role, engine[role]]])),
    ),
    gpusPerWorker: { prefill: 4, decode: 4, aggregated: 4 },
  }
  const workload = {
    name: `${isl}/${meanTokens(lengthOf(osl))}`,
    isl: { kind: 'fixed' as const, tokens: isl },
    osl: lengthOf(osl),
  }
  return {
    id: contentId({ shape, workload, concurrency }),
    deployment: { id: contentId(shape), ...shape },
    workload,
    load: {
      level: { kind: 'concurrency', concurrency },
      api: 'chat',
      streaming: true,
      requests: times * concurrency,
      graceS: 30,
      warmup: warmup * concurrency,
      dataset: 1,
      seed: 11,
      timeoutMs: 600_000,
      extra: {},
    },
    generator: 'built-in',
    slo,
    limits: defaultLimits,
    repeat: 1,
  }
}

function measured(point: Point, profile: Profile, { gauges = true, window }: How): Measurement {
  const seen = new Map<string, DueScrape[]>()
  let startMs = 0
  const { load, deployment, workload, slo } = point
  const asked = {
    deployment,
    workload,
    level: load.level,
    warmup: load.warmup,
    seed: load.seed,
    slo,
    ...(window === undefined ? {} : { window }),
  }
  const measurement = simulate(
    { ...asked, ...(load.requests === undefined ? {} : { requests: load.requests }) },
    profile,
    {
      everyMs: 1000,
      begin: atMs => {
        startMs = atMs
      },
      see: (atMs, engine) => {
        const look = (source: string, text: string) => {
          const scrapes = seen.get(source) ?? []
          seen.set(source, [...scrapes, { dueMs: atMs, atMs, page: parseExposition(text) }])
        }
        for (const { id, role, load: now } of engine.workers()) look(`${role}-${id}`, workerText(now))
        look(
          'frontend',
          `# TYPE fulcrum_engine_transferring gauge\nfulcrum_engine_transferring ${engine.transferring}\n`,
        )
      },
    },
  )
  if (!gauges) return measurement
  const bounds = { startMs, endMs: startMs + 1000 * measurement.durationS }
  const server = Object.fromEntries(
    [...seen].map(([source, all]) => {
      if (measurement.window === 'whole')
        return [
          source,
          sourceMetrics(
            all.filter(({ atMs }) => atMs >= startMs),
            startMs,
          ),
        ]
      const { scrapes, isLoaded } = scrapesWithin(all, bounds)
      return [source, sourceMetrics(scrapes, startMs, isLoaded)]
    }),
  )
  return { ...measurement, server }
}

/** What the diagnosis says of the heaviest load. */
export function saidOf(run: Run): BottleneckFinding {
  const { points } = analyse(run)
  const [first] = points
  const own = points.filter(({ deployment }) => deployment.id === first?.deployment.id)
  const heaviest = own.at(-1)
  if (heaviest === undefined) throw new Error(`${run.manifest.sweep} has no point`)
  return bottleneckAt(heaviest, referenceOf(heaviest, points))
}

/** What `fulcrum tune` answers of a run of one workload. */
export function workloadView(run: Run): Tuning {
  const [tuning] = tune(analyse(run))
  if (tuning === undefined) throw new Error(`${run.manifest.sweep} has no workload`)
  return tuning
}

export const labelOf = ({ topology, isl, osl, concurrencies }: VirtualSystem): string =>
  `${topologyLabel(topology)}, ${isl}/${meanTokens(lengthOf(osl))}, c ${Math.max(...concurrencies)}`

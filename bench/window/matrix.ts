import type { Length, Slo, Topology } from '../../src/model/index.ts'
import type { Profile } from '../../src/simulator/profile.ts'
import { loadProfile } from '../../src/simulator/profile.ts'
import type { SimulatedPoint } from '../../src/simulator/simulate.ts'

/**
 * The shipped profile with the frontend of a real Dynamo as it was fitted (docs/bench/twin.md). Without any jitter a
 * system with fixed lengths repeats itself exactly.
 */
export async function profileWithJitter(): Promise<Profile> {
  const shipped = await loadProfile('deepseek-r1-fp4-gb200')
  const frontend = { ...shipped.frontend, fixedMs: 3.32, per1000TokensMs: 0.737, jitterMs: 1.92, firstChunkMs: 46.2 }
  return { ...shipped, frontend }
}

/** Seeds of the runs that are judged; the truth has another one. */
export const seeds = [100, 101]

export const topologies: readonly Topology[] = [
  ...[1, 2, 4].map(workers => ({ kind: 'aggregated', workers }) as const),
  ...(
    [
      [1, 1],
      [2, 1],
      [1, 2],
      [2, 2],
      [3, 1],
      [1, 3],
    ] as const
  ).map(([prefill, decode]) => ({ kind: 'disaggregated', prefill, decode }) as const),
]

/** Mean ISL and OSL. */
export const workloads: readonly (readonly [isl: number, osl: number])[] = [
  [1000, 64],
  [8000, 256],
  [4000, 400],
  [1000, 1000],
  [500, 2000],
]
export const concurrencies = [1, 2, 4, 8, 16, 32, 64, 128, 256] as const
export const slos: readonly Required<Pick<Slo, 'ttftP95Ms' | 'itlP95Ms'>>[] = [
  { ttftP95Ms: 2000, itlP95Ms: 25 },
  { ttftP95Ms: 1000, itlP95Ms: 25 },
  { ttftP95Ms: 500, itlP95Ms: 25 },
  { ttftP95Ms: 300, itlP95Ms: 15 },
  { ttftP95Ms: 1000, itlP95Ms: 50 },
]

/** Coefficient of variation of lengths: all alike, or mixed as in chats. */
export const spreads = { fixed: 0, mixed: 0.6 } as const
export type Spread = keyof typeof spreads

function length(mean: number, spread: Spread): Length {
  return spread === 'fixed'
    ? { kind: 'fixed', tokens: mean }
    : { kind: 'lognormal', mean, stddev: mean * spreads[spread] }
}

/** One system under one load. */
export interface Cell {
  readonly topology: Topology
  readonly workload: readonly [isl: number, osl: number]
  readonly spread: Spread
  readonly concurrency: number
}

export function cellsOf(spread: Spread): readonly Cell[] {
  return topologies.flatMap(topology =>
    workloads.flatMap(workload => concurrencies.map(concurrency => ({ topology, workload, spread, concurrency }))),
  )
}

export function pointOf({
  topology,
  workload: [isl, osl],
  spread,
  concurrency,
}: Cell): Omit<SimulatedPoint, 'warmup' | 'seed'> {
  return {
    deployment: { topology, engine: {} },
    workload: { isl: length(isl, spread), osl: length(osl, spread) },
    level: { kind: 'concurrency', concurrency },
  }
}

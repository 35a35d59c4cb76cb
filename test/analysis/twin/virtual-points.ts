import type { MeasuredPoint } from '../../../src/analysis/measured-point.ts'
import { measuredPoints } from '../../../src/analysis/measured-point.ts'
import { fittedProfile, type TwinParameters } from '../../../src/analysis/twin/parameters.ts'
import type { PointResult } from '../../../src/journal/event.ts'
import type { Run } from '../../../src/journal/run.ts'
import type { Load, Topology, Workload } from '../../../src/model/index.ts'
import { contentId, defaultLimits, rolesOf, topologyLabel } from '../../../src/model/index.ts'
import type { Profile } from '../../../src/simulator/profile.ts'
import { loadProfile } from '../../../src/simulator/profile.ts'
import { simulate } from '../../../src/simulator/simulate.ts'

export const profile: Profile = await loadProfile('deepseek-r1-fp4-gb200')

export const aggregated = (workers: number): Topology => ({ kind: 'aggregated', workers })
export const disaggregated = (prefill: number, decode: number): Topology => ({ kind: 'disaggregated', prefill, decode })

export const workload = (isl: number, osl: number): Workload => ({
  name: `${isl}/${osl}`,
  isl: { kind: 'fixed', tokens: isl },
  osl: { kind: 'fixed', tokens: osl },
})

export const closedLoad = (concurrency: number): Load => ({
  level: { kind: 'concurrency', concurrency },
  api: 'chat',
  streaming: true,
  requests: 5 * concurrency,
  warmup: concurrency,
  // The first wave tells a fit more than as many requests of a steady window.
  window: 'whole',
  graceS: 30,
  dataset: 100,
  seed: 7,
  timeoutMs: 600_000,
  extra: {},
})

/** What a run would have measured of a deployment whose truth is known: the profile under some parameters. */
export function pointsOfTruth(
  truth: TwinParameters,
  topologies: readonly Topology[],
  workloads: readonly Workload[],
  concurrencies: readonly number[],
): readonly MeasuredPoint[] {
  const using = fittedProfile(profile, truth)
  const results = topologies.flatMap(topology =>
    workloads.flatMap(one =>
      concurrencies.map((concurrency): PointResult => {
        const load = closedLoad(concurrency)
        const deployment = {
          id: topologyLabel(topology),
          topology,
          model: { name: profile.model, tokenizer: 'builtin:deepseek-v3' },
          engine: Object.fromEntries(rolesOf(topology).map(role => [role, {}])),
          gpusPerWorker: { prefill: 4, decode: 4, aggregated: 4 },
        }
        const measurement = simulate(
          {
            deployment,
            workload: one,
            level: load.level,
            requests: load.requests ?? 0,
            warmup: load.warmup,
            window: 'whole',
            seed: 99,
          },
          using,
        )
        const point = {
          id: contentId([topology, one, concurrency]),
          deployment,
          workload: one,
          load,
          generator: 'built-in' as const,
          slo: {},
          limits: defaultLimits,
          repeat: 1,
        }
        return { point, status: 'ok', reason: '', findings: [], measurement }
      }),
    ),
  )
  return measuredPoints({ results } as unknown as Run)
}

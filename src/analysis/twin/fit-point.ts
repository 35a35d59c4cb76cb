import {
  type Deployment,
  defined,
  type EngineSettings,
  type Json,
  type Role,
  rolesOf,
  topologyLabel,
} from '../../model/index.ts'
import type { Profile } from '../../simulator/profile.ts'
import { settingsProblems } from '../../simulator/settings.ts'
import type { SimulatedPoint } from '../../simulator/simulate.ts'
import type { MeasuredPoint } from '../measured-point.ts'

/** A measured point as input of a fit. */
export interface FitPoint {
  /** As in {@link MeasuredPoint}. */
  readonly key: string
  readonly topology: string
  readonly deployment: Deployment
  readonly simulated: SimulatedPoint
  /** Means over the valid repeats, by figure name. */
  readonly measured: { readonly [figure: string]: number }
}

/** Points that a fit can use: valid ones whose load determines by itself what is sent. */
export function fitPoints(points: readonly MeasuredPoint[], profile: Profile): readonly FitPoint[] {
  return points
    .filter(point => point.status === 'ok' && point.load.level.kind !== 'trace')
    .map(point => ({
      key: point.key,
      topology: topologyLabel(point.deployment.topology),
      deployment: point.deployment,
      simulated: {
        deployment: {
          topology: point.deployment.topology,
          engine: modelledEngine(point.deployment, profile).engine,
        },
        workload: point.workload,
        ...loadOf(point.load),
        // A simulation is compared with figures of the same window. Older runs and other generators have whole-run
        // figures.
        ...(point.valid.every(({ window }) => window === 'steady') ? {} : { window: 'whole' }),
        slo: point.slo,
      },
      measured: Object.fromEntries(
        Object.entries(point.figures).flatMap(([name, estimate]) => (estimate === null ? [] : [[name, estimate.mean]])),
      ),
    }))
}

/** Part of a load that a simulation uses. */
export function loadOf(load: MeasuredPoint['load']): Omit<SimulatedPoint, 'deployment' | 'workload'> {
  const { level, requests, durationS, graceS, warmup, autoWarmup, window, seed, timeoutMs, dataset } = load
  return {
    level,
    ...defined({ requests }),
    ...(durationS === undefined ? {} : { durationS, graceS }),
    warmup,
    ...defined({ autoWarmup, window }),
    seed,
    dataset,
    timeoutMs,
  }
}

/** Engine settings that the simulation models, and the names of those that it lacks. */
export function modelledEngine(
  { topology, engine }: Pick<Deployment, 'topology' | 'engine'>,
  profile: Profile,
): { readonly engine: Deployment['engine']; readonly lacking: readonly string[] } {
  const lacking: string[] = []
  const kept = rolesOf(topology).map((role): [Role, EngineSettings] => {
    const settings = Object.entries(engine[role] ?? {}).flatMap(([key, value]) => {
      const known = modelled(role, key, value, profile, lacking)
      return known === undefined ? [] : [[key, known]]
    })
    return [role, Object.fromEntries(settings)]
  })
  return { engine: Object.fromEntries(kept), lacking }
}

/** A modeled setting, or the modeled part of a group of settings; undefined if the simulation models none of it. */
function modelled(role: Role, key: string, value: Json, profile: Profile, lacking: string[]): Json | undefined {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    const kept = Object.entries(value).filter(([inner, one]) => known(role, { [key]: { [inner]: one } }, profile))
    lacking.push(
      ...Object.keys(value).flatMap(inner =>
        kept.some(([name]) => name === inner) ? [] : [`${role}.${key}.${inner}`],
      ),
    )
    return kept.length === 0 ? undefined : Object.fromEntries(kept)
  }
  if (known(role, { [key]: value }, profile)) return value
  lacking.push(`${role}.${key}`)
  return undefined
}

function known(role: Role, settings: EngineSettings, profile: Profile): boolean {
  return settingsProblems(role, settings, profile).length === 0
}

import { metricNamed } from '../../engines/index.ts'
import type { Role } from '../../model/index.ts'
import { largest, rolesOf, workersOf } from '../../model/index.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import { gaugeOver, steadyPart } from './steady-part.ts'

/** Mean state of one role's workers while the load was steady, as they report it. */
export interface RoleState {
  readonly role: Role
  readonly workers: number
  /** Requests of one worker. */
  readonly waiting: number
  readonly running: number
  /** Maximum sequences per pass in a worker's settings, else by the metrics pages; null if unknown. */
  readonly slots: number | null
  /** Share of the KV cache in use, 0–1; null if no worker reports it. */
  readonly cache: { readonly mean: number; readonly max: number } | null
}

/** Roles whose workers report running and waiting requests. */
export function roleStates(point: MeasuredPoint): readonly RoleState[] {
  const { topology, engine } = point.deployment
  return rolesOf(topology).flatMap(role => {
    const waiting = serverMean(point, role, metricNamed('waiting'))
    const running = serverMean(point, role, metricNamed('running'))
    if (waiting === null || running === null) return []
    const cache = samples(point, role, metricNamed('kvCacheUsage'))
    const settings = engine[role] ?? {}
    const slots = settings.max_batch_size ?? settings.max_num_seqs
    return [
      {
        role,
        workers: workersOf(topology, role),
        waiting,
        running,
        slots: typeof slots === 'number' ? slots : slotsShown(point, role),
        cache:
          cache.length === 0
            ? null
            : { mean: meanOf(cache.map(({ mean }) => mean)), max: largest(cache.map(({ max }) => max)) },
      },
    ]
  })
}

/**
 * Dynamo's frontend shows the slots of a worker that serves its model: of an aggregated one, if there are no others.
 */
function slotsShown(point: MeasuredPoint, role: Role): number | null {
  const shown = serverMean(point, role, metricNamed('slots'))
  if (shown !== null || role !== 'aggregated') return shown
  return serverMean(point, 'frontend', /^dynamo_frontend_model_max_num_seqs$/)
}

/** What one worker held on average, as its page shows it. */
export interface WorkerLoad {
  /** `decode-1`. */
  readonly source: string
  readonly waiting: number
  readonly running: number
}

/** The workers of a role whose pages show how many requests run and wait. */
export function workerLoads(point: MeasuredPoint, role: Role): readonly WorkerLoad[] {
  const sources = new Set(point.valid.flatMap(({ server }) => Object.keys(server ?? {})))
  return [...sources]
    .filter(source => source.startsWith(`${role}-`))
    .sort()
    .flatMap(source => {
      const [waiting, running] = [
        serverMean(point, source, metricNamed('waiting')),
        serverMean(point, source, metricNamed('running')),
      ]
      return waiting === null || running === null ? [] : [{ source, waiting, running }]
    })
}

/** Mean of a gauge over a source's processes and the valid repeats; null if no server reports it. */
export function serverMean(point: MeasuredPoint, source: string, metric: RegExp): number | null {
  const found = samples(point, source, metric)
  return found.length === 0 ? null : meanOf(found.map(({ mean }) => mean))
}

function samples(point: MeasuredPoint, source: string, metric: RegExp) {
  return point.valid.flatMap(measurement =>
    Object.entries(measurement.server ?? {})
      .filter(([name]) => name === source || name.startsWith(`${source}-`))
      .flatMap(([, series]) =>
        Object.entries(series).flatMap(([name, value]) =>
          metric.test(name) ? [gaugeOver(value, steadyPart(measurement))] : [],
        ),
      ),
  )
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

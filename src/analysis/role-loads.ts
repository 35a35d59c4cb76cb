import { metricNamed } from '../engines/index.ts'
import type { Measurement } from '../metrics/measurement.ts'
import { type Role, rolesOf, type Topology } from '../model/index.ts'

/** Mean load of one worker of a role during a measurement, according to the workers' metrics. */
export interface RoleLoad {
  readonly role: Role
  /** Requests in the queue; null if no page shows it. */
  readonly waiting: number | null
  /** Requests in the batch; null if no page shows it. */
  readonly running: number | null
  /** KV cache in use, 0–1; null if no page shows it. */
  readonly kvCache: number | null
}

/** Roles whose workers report a queue, a batch or a KV cache. */
export function roleLoads(topology: Topology, { server = {} }: Pick<Measurement, 'server'>): readonly RoleLoad[] {
  return rolesOf(topology).flatMap(role => {
    const mean = (metric: RegExp): number | null => {
      const values = Object.entries(server)
        .filter(([source]) => source.startsWith(`${role}-`))
        .flatMap(([, metrics]) =>
          Object.entries(metrics).flatMap(([name, value]) => (metric.test(name) ? value.mean : [])),
        )
      return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
    }
    const [waiting, running] = [mean(metricNamed('waiting')), mean(metricNamed('running'))]
    const used = mean(metricNamed('kvCacheUsage'))
    if (waiting === null && running === null && used === null) return []
    // Some versions of vLLM report percent.
    return [{ role, waiting, running, kvCache: used !== null && used > 1 ? used / 100 : used }]
  })
}

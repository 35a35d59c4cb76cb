import type { PointResult } from '../../journal/event.ts'

/**
 * Data for which a foreign layout has no field, in an extra key that its programs ignore: the whole result as in the
 * journal, with its point (load level, GPUs of each role), status, findings and failures.
 */
export function fulcrumPartOf(result: PointResult): object {
  const { id, deployment } = result.point
  const { topology, gpusPerWorker } = deployment
  return {
    point_id: id,
    topology,
    gpus_per_worker: topology.kind === 'aggregated' ? gpusPerWorker.aggregated : gpusPerWorker.decode,
    result,
  }
}

/**
 * The result in a file that Fulcrum exported; null for files of other programs and of Fulcrum versions that stored
 * less.
 */
export function exportedResult(json: unknown): PointResult | null {
  const part = at(at(json, 'input_config'), 'fulcrum')
  const result = at(part, 'result')
  const point = at(result, 'point')
  const isWhole =
    typeof at(point, 'id') === 'string' &&
    typeof at(at(at(point, 'deployment'), 'topology'), 'kind') === 'string' &&
    typeof at(at(at(point, 'load'), 'level'), 'kind') === 'string' &&
    typeof at(at(point, 'workload'), 'name') === 'string' &&
    ['ok', 'invalid', 'failed'].includes(String(at(result, 'status'))) &&
    Array.isArray(at(result, 'findings')) &&
    typeof at(result, 'measurement') === 'object'
  return isWhole ? (result as PointResult) : null
}

/** Whether every metric of a file still has the average that was exported, since a script may have changed the file. */
export function isUnchanged(json: unknown, exported: unknown): boolean {
  return Object.entries(exported as object).every(([name, metric]) => {
    const average = at(metric, 'avg')
    return average === undefined || average === at(at(json, name), 'avg')
  })
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as { readonly [key: string]: unknown })[key] : undefined
}

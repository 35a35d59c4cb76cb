import { measuredPoints } from '../../analysis/measured-point.ts'
import { roleStates } from '../../analysis/tune/role-state.ts'
import type { Run } from '../../journal/run.ts'
import { meanOfGpus } from '../../metrics/figures/energy.ts'
import type { Measurement } from '../../metrics/measurement.ts'
import { rolesOf } from '../../model/index.ts'
import { figure, time } from './format.ts'

/**
 * Figures of a run's latest measured point, one line each: latencies, queues by role, GPUs by role. Omits lines without
 * observations.
 */
export function latestPointLines(run: Run): readonly string[] {
  const last = run.lines.findLast(({ event }) => event.type === 'point')?.event
  if (last?.type !== 'point' || last.result.measurement === null) return []
  const { result } = last
  const { measurement } = result
  if (measurement === null) return []
  const [point] = measuredPoints({ ...run, results: [{ ...result, status: 'ok' }] })
  if (point === undefined) return []
  const queues = roleStates(point).map(({ role, running, waiting, cache }) => {
    const full = cache === null ? '' : `, KV cache ${Math.round(100 * cache.mean)}%`
    return `${role} ${figure(running)} running, ${figure(waiting)} waiting${full}`
  })
  const gpus = rolesOf(point.deployment.topology).flatMap(role => gpuText(measurement, role) ?? [])
  return [
    ...(latencies(measurement) ?? []),
    ...(queues.length === 0 ? [] : [`Each worker: ${queues.join('; ')}`]),
    ...(gpus.length === 0 ? [] : [`Each GPU: ${gpus.join('; ')}`]),
  ]
}

function latencies({ ttftMs, itlMs, outputTokensPerS }: Measurement): readonly string[] | null {
  const said = [
    ...(ttftMs === null ? [] : [`TTFT p95 ${time(ttftMs.p95)}`]),
    ...(itlMs === null ? [] : [`ITL p95 ${time(itlMs.p95)}`]),
    ...(outputTokensPerS === null ? [] : [`${figure(outputTokensPerS)} output tokens/s`]),
  ]
  return said.length === 0 ? null : [said.join(', ')]
}

function gpuText(measurement: Measurement, role: Parameters<typeof meanOfGpus>[2]): string | null {
  const [watts, busy] = [
    meanOfGpus(measurement, ({ powerMeanW }) => powerMeanW, role),
    meanOfGpus(measurement, ({ utilization }) => utilization, role),
  ]
  const said = [
    ...(busy === null ? [] : [`busy ${Math.round(100 * busy)}%`]),
    ...(watts === null ? [] : [`${figure(watts)} W`]),
  ]
  return said.length === 0 ? null : `${role} ${said.join(', ')}`
}

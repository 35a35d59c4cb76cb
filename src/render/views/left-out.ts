import { type LeftOut, leftOutIn, leftOutReasons, type Run } from '../../journal/index.ts'
import { type Deployment, gpusOf, meanTokens, topologyLabel, workersOf } from '../../model/index.ts'
import type { Cell } from '../export/columns.ts'

/** A load level that the search did not measure, with its deployment. */
export interface LeftOutPoint extends LeftOut {
  readonly deployment: Deployment
}

/**
 * Load levels that the search did not measure at all; levels with some repeats measured are not included. Empty for a
 * grid.
 */
export function leftOutPoints({ lines }: Run): readonly LeftOutPoint[] {
  return leftOutIn(lines).flatMap(({ deployment, points }) => points.map(point => ({ ...point, deployment })))
}

/** Rows of points.csv by column name, one for each skipped point; figures that were not measured stay empty. */
export function leftOutRecords(run: Run): readonly { readonly [column: string]: Cell }[] {
  return leftOutPoints(run).flatMap(({ deployment, workload, load, reason, why, pointIds }) => {
    const { topology } = deployment
    const { level } = load
    return pointIds.map(id => ({
      point_id: id,
      status: 'left-out',
      reason: `${leftOutReasons[reason]}: ${why}`,
      topology: topologyLabel(topology),
      prefill_workers: workersOf(topology, 'prefill'),
      decode_workers: workersOf(topology, 'decode'),
      aggregated_workers: workersOf(topology, 'aggregated'),
      gpus: gpusOf(deployment),
      isl: meanTokens(workload.isl),
      osl: meanTokens(workload.osl),
      concurrency: level.kind === 'concurrency' ? level.concurrency : null,
      request_rate: level.kind === 'rate' ? level.requestsPerS : null,
      on_frontier: false,
      workload: workload.name,
      deployment_id: deployment.id,
      model: deployment.model.name,
      variant: deployment.variant ?? null,
      load: level.kind,
    }))
  })
}

/** Number of skipped points for each reason, as sentences. */
export function leftOutSummary(run: Run): readonly string[] {
  return [...Map.groupBy(leftOutPoints(run), ({ reason }) => reason)].map(([reason, alike]) => {
    const points = alike.reduce((sum, { pointIds }) => sum + pointIds.length, 0)
    return `${points} × ${leftOutReasons[reason]}`
  })
}

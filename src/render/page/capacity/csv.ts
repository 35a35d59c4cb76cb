import type { CapacityView } from '../../views/capacity.ts'
import type { CsvCell } from '../csv.ts'
import { csvText } from '../csv.ts'

/** Columns of capacity.csv. New ones go to the end. */
const columns = [
  ...['deployment', 'standing', 'reason', 'replicas', 'gpus', 'nodes', 'gpus_paid', 'gpus_per_replica'],
  ...['prefill_gpus', 'decode_gpus', 'peak_requests_per_s', 'requests_per_s_per_replica', 'utilisation'],
  ...['nodes_lost', 'requests_per_s_after_loss', 'cost_unit', 'cost_per_hour', 'cost_per_month'],
  ...['cost_per_million_tokens', 'cost_per_million_input_tokens', 'cost_per_million_output_tokens'],
] as const

/**
 * A plan as CSV with unrounded figures: the answer first, then one row for each other deployment, then one for each
 * excluded deployment with the reason. `fulcrum capacity --csv` and the page produce the same text.
 */
export function capacityCsv({ candidates, refused, serves }: CapacityView): string {
  const answer = serves ? candidates.find(({ fits }) => fits) : undefined
  const sized = candidates.map((one): readonly CsvCell[] => {
    const { cost, spare, prefillToDecodeGpus: roles } = one
    const [prefill, decode] = [roles?.[0] ?? null, roles?.[1] ?? null]
    return [
      ...[one.deployment, one === answer ? 'answer' : one.fits ? 'fits' : 'too many nodes', null],
      ...[one.replicas, one.gpus, one.nodes, one.gpusPaid, one.gpusPerReplica, prefill, decode],
      ...[one.peakRequestsPerS, one.requestsPerSPerReplica, one.utilisation],
      ...[spare.nodesLost, spare.requestsPerS],
      ...[cost.unit === 'price' ? (cost.currency ?? 'units') : 'GPU-hours', cost.perHour, cost.month.cost],
      ...[cost.perMillionTokens, cost.perMillionInput, cost.perMillionOutput],
    ]
  })
  const left = refused.map(({ label, why }): readonly CsvCell[] =>
    columns.map((_, i) => (i === 0 ? label : i === 1 ? 'left out' : i === 2 ? why : null)),
  )
  return csvText(columns, [...sized, ...left])
}

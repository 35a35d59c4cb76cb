import { figures } from '../analysis/figures.ts'
import type { MeasuredPoint } from '../analysis/measured-point.ts'
import type { PointResult } from '../journal/event.ts'
import { gpusOf, gpusOfRole, meanTokens, topologyLabel, workersOf } from '../point/index.ts'

/** A cell of points.csv: null is written as an empty field. */
export type Cell = string | number | boolean | null

/** A repeat, the point that it is a repeat of, and what the analysis made of that point. */
export interface Row {
  readonly result: PointResult
  readonly point: MeasuredPoint
  readonly workload: string
  /** The point is on its workload's frontier, and this repeat is one of the measurements that put it there. */
  readonly onFrontier: boolean
  readonly onOverallFrontier: boolean
  readonly meetsSlo: boolean
}

/** One column of points.csv. */
export interface CsvColumn {
  readonly name: string
  /** What it holds, with its unit. */
  readonly meaning: string
  readonly of: (row: Row) => Cell
}

const measured = (
  name: string,
  meaning: string,
  of: (m: NonNullable<PointResult['measurement']>) => Cell,
): CsvColumn => ({
  name,
  meaning,
  of: ({ result }) => (result.measurement === null ? null : of(result.measurement)),
})

const level = ({ result }: Row) => result.point.load.level

const figureColumns: readonly CsvColumn[] = figures.map(figure => ({
  name: figure.name,
  meaning: `${figure.title}, ${figure.unit}`,
  of: ({ result }) => (result.measurement === null ? null : figure.of(result.measurement, result.point.deployment)),
}))

/** All columns in order. Scripts rely on those up to `on_frontier`; new ones go to the end. */
export const csvColumns: readonly CsvColumn[] = [
  { name: 'point_id', meaning: 'hash of all that decides the outcome', of: row => row.result.point.id },
  { name: 'status', meaning: 'ok, invalid or failed', of: row => row.result.status },
  { name: 'reason', meaning: 'why it is not ok; empty when it is', of: row => row.result.reason },
  { name: 'topology', meaning: 'agg xN or xPyD', of: row => topologyLabel(row.result.point.deployment.topology) },
  {
    name: 'prefill_workers',
    meaning: 'prefill workers',
    of: row => workersOf(row.result.point.deployment.topology, 'prefill'),
  },
  {
    name: 'decode_workers',
    meaning: 'decode workers',
    of: row => workersOf(row.result.point.deployment.topology, 'decode'),
  },
  {
    name: 'aggregated_workers',
    meaning: 'aggregated workers',
    of: row => workersOf(row.result.point.deployment.topology, 'aggregated'),
  },
  {
    name: 'gpus',
    meaning: "all GPUs of the deployment, prefill's included",
    of: row => gpusOf(row.result.point.deployment),
  },
  { name: 'isl', meaning: 'input tokens asked for, mean', of: row => meanTokens(row.result.point.workload.isl) },
  { name: 'osl', meaning: 'output tokens asked for, mean', of: row => meanTokens(row.result.point.workload.osl) },
  {
    name: 'concurrency',
    meaning: 'requests held in flight (closed loop)',
    of: row => {
      const at = level(row)
      return at.kind === 'concurrency' ? at.concurrency : null
    },
  },
  {
    name: 'request_rate',
    meaning: 'requests/s scheduled (open loop)',
    of: row => {
      const at = level(row)
      return at.kind === 'rate' ? at.requestsPerS : null
    },
  },
  { name: 'repeat', meaning: 'which repeat of the point, from 1', of: row => row.result.point.repeat },
  measured('requests', 'measured requests sent', m => m.requests.sent),
  measured('errors', 'measured requests that failed', m => m.requests.failed),
  measured('duration_s', 'measured window, s', m => m.durationS),
  ...figureColumns,
  { name: 'on_frontier', meaning: "the point is on its workload's Pareto frontier", of: row => row.onFrontier },
  { name: 'workload', meaning: 'name of the workload', of: row => row.workload },
  { name: 'deployment', meaning: 'topology and the settings that tell it apart', of: row => row.point.label },
  {
    name: 'deployment_id',
    meaning: 'hash of topology, engine settings and model',
    of: row => row.result.point.deployment.id,
  },
  { name: 'model', meaning: 'model name in requests', of: row => row.result.point.deployment.model.name },
  { name: 'load', meaning: 'kind of load level', of: row => level(row).kind },
  { name: 'meets_slo', meaning: 'mean of the valid repeats meets every SLO', of: row => row.meetsSlo },
  { name: 'on_overall_frontier', meaning: 'on the frontier over all workloads', of: row => row.onOverallFrontier },
  measured('completed', 'measured requests answered', m => m.requests.completed),
  measured('ttst_mean_ms', 'time to second token, mean, ms', m => m.ttstMs?.mean ?? null),
  measured('isl_measured', 'input tokens counted, mean', m => m.isl?.mean ?? null),
  measured('osl_measured', 'output tokens counted, mean', m => m.osl?.mean ?? null),
  measured('input_tokens_per_s', 'input tokens/s', m => m.inputTokensPerS),
  {
    name: 'prefill_gpus',
    meaning: 'GPUs of prefill workers',
    of: row => gpusOfRole(row.result.point.deployment, 'prefill'),
  },
  {
    name: 'decode_gpus',
    meaning: 'GPUs of decode workers',
    of: row => gpusOfRole(row.result.point.deployment, 'decode'),
  },
  {
    name: 'findings',
    meaning: 'codes of all findings, warnings included',
    of: row => row.result.findings.map(f => f.code).join(' '),
  },
  measured('generator', 'load generator and version', m => `${m.generator.name} ${m.generator.version}`),
  measured('started_at', 'start of the measured window, ISO 8601', m => m.startedAt),
]

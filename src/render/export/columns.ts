import type { MeasuredPoint } from '../../analysis/measured-point.ts'
import type { PointResult } from '../../journal/event.ts'
import { failedRequestsOf, ratesOf } from '../../metrics/definitions.ts'
import { type Figure, figures, firstFigures, lastFigures, newFigures } from '../../metrics/figures/index.ts'
import { accuracyOf, answersOf } from '../../metrics/quality.ts'
import { gpusOf, gpusOfRole, meanTokens, topologyLabel, workersOf } from '../../model/index.ts'

/** A cell of points.csv. Null becomes an empty field. */
export type Cell = string | number | boolean | null

/** A repeat, its point, and the analysis of that point. */
export interface Row {
  readonly result: PointResult
  readonly point: MeasuredPoint
  readonly workload: string
  /** Whether the point is on the frontier of its workload and this repeat contributes to its mean. */
  readonly onFrontier: boolean
  readonly onOverallFrontier: boolean
  readonly meetsSlo: boolean
}

/** Type of a column's cells, for typed formats; `time` is ISO 8601 text. */
export type ColumnType = 'text' | 'integer' | 'number' | 'boolean' | 'time'

/** One column of points.csv. */
export interface CsvColumn {
  readonly name: string
  readonly type: ColumnType
  /** Meaning and unit. */
  readonly meaning: string
  readonly of: (row: Row) => Cell
}

const measured = (
  name: string,
  type: ColumnType,
  meaning: string,
  of: (m: NonNullable<PointResult['measurement']>) => Cell,
): CsvColumn => ({
  name,
  type,
  meaning,
  of: ({ result }) => (result.measurement === null ? null : of(result.measurement)),
})

/** A count that includes failed requests; null if they were not counted. */
const ofAll = (m: NonNullable<PointResult['measurement']>, count: number) =>
  failedRequestsOf(m) === null ? null : count

const level = ({ result }: Row) => result.point.load.level

const figureColumn = (figure: Figure): CsvColumn => ({
  name: figure.name,
  type: 'number',
  meaning: `${figure.title}, ${figure.unit}`,
  of: ({ result }) => (result.measurement === null ? null : figure.of(result.measurement, result.point.deployment)),
})

/** Columns before the first figures. Scripts rely on them. */
const identityColumns: readonly CsvColumn[] = [
  {
    name: 'point_id',
    type: 'text',
    meaning: 'hash of everything that decides the outcome',
    of: row => row.result.point.id,
  },
  {
    name: 'status',
    type: 'text',
    meaning: 'ok, invalid, failed, or left-out by a search (then without figures)',
    of: row => row.result.status,
  },
  { name: 'reason', type: 'text', meaning: 'why it is not ok; empty when it is', of: row => row.result.reason },
  {
    name: 'topology',
    type: 'text',
    meaning: 'agg xN or xPyD',
    of: row => topologyLabel(row.result.point.deployment.topology),
  },
  {
    name: 'prefill_workers',
    type: 'integer',
    meaning: 'prefill workers',
    of: row => workersOf(row.result.point.deployment.topology, 'prefill'),
  },
  {
    name: 'decode_workers',
    type: 'integer',
    meaning: 'decode workers',
    of: row => workersOf(row.result.point.deployment.topology, 'decode'),
  },
  {
    name: 'aggregated_workers',
    type: 'integer',
    meaning: 'aggregated workers',
    of: row => workersOf(row.result.point.deployment.topology, 'aggregated'),
  },
  {
    name: 'gpus',
    type: 'integer',
    meaning: 'all GPUs of the deployment, including those of prefill workers',
    of: row => gpusOf(row.result.point.deployment),
  },
  {
    name: 'isl',
    type: 'number',
    meaning: 'requested input tokens, mean',
    of: row => meanTokens(row.result.point.workload.isl),
  },
  {
    name: 'osl',
    type: 'number',
    meaning: 'requested output tokens, mean',
    of: row => meanTokens(row.result.point.workload.osl),
  },
  {
    name: 'concurrency',
    type: 'integer',
    meaning: 'requests held in flight (closed loop)',
    of: row => {
      const at = level(row)
      return at.kind === 'concurrency' ? at.concurrency : null
    },
  },
  {
    name: 'request_rate',
    type: 'number',
    meaning: 'requests/s scheduled (open loop)',
    of: row => {
      const at = level(row)
      return at.kind === 'rate' ? at.requestsPerS : null
    },
  },
  { name: 'repeat', type: 'integer', meaning: 'which repeat of the point, from 1', of: row => row.result.point.repeat },
  measured('requests', 'integer', 'measured requests sent', m => ofAll(m, m.requests.sent)),
  measured('errors', 'integer', 'measured requests that failed', m => ofAll(m, m.requests.failed)),
  measured('duration_s', 'number', 'length of the measurement window, s', m => (m.durationS > 0 ? m.durationS : null)),
]

/** Columns after the first figures. */
const standingColumns: readonly CsvColumn[] = [
  {
    name: 'on_frontier',
    type: 'boolean',
    meaning: "the point is on its workload's Pareto frontier",
    of: row => row.onFrontier,
  },
  { name: 'workload', type: 'text', meaning: 'name of the workload', of: row => row.workload },
  {
    name: 'deployment',
    type: 'text',
    meaning: 'topology and the settings that distinguish it',
    of: row => row.point.label,
  },
  {
    name: 'deployment_id',
    type: 'text',
    meaning: 'hash of topology, engine settings and model',
    of: row => row.result.point.deployment.id,
  },
  { name: 'model', type: 'text', meaning: 'model name in requests', of: row => row.result.point.deployment.model.name },
  { name: 'load', type: 'text', meaning: 'kind of load level', of: row => level(row).kind },
  { name: 'meets_slo', type: 'boolean', meaning: 'mean of the valid repeats meets every SLO', of: row => row.meetsSlo },
  {
    name: 'on_overall_frontier',
    type: 'boolean',
    meaning: 'on the frontier over all workloads',
    of: row => row.onOverallFrontier,
  },
  measured('completed', 'integer', 'measured requests answered', m =>
    m.requests.isCompletedKnown === false ? null : m.requests.completed,
  ),
  measured('ttst_mean_ms', 'number', 'time to second token, mean, ms', m => m.ttstMs?.mean ?? null),
  measured('isl_measured', 'number', 'input tokens counted, mean', m => m.isl?.mean ?? null),
  measured('osl_measured', 'number', 'output tokens counted, mean', m => m.osl?.mean ?? null),
  measured('input_tokens_per_s', 'number', 'input tokens/s', m => ratesOf(m).inputTokensPerS),
  {
    name: 'prefill_gpus',
    type: 'integer',
    meaning: 'GPUs of prefill workers',
    of: row => gpusOfRole(row.result.point.deployment, 'prefill'),
  },
  {
    name: 'decode_gpus',
    type: 'integer',
    meaning: 'GPUs of decode workers',
    of: row => gpusOfRole(row.result.point.deployment, 'decode'),
  },
  {
    name: 'findings',
    type: 'text',
    meaning: 'codes of all findings, warnings included',
    of: row => row.result.findings.map(f => f.code).join(' '),
  },
  measured('generator', 'text', 'load generator and version', m => `${m.generator.name} ${m.generator.version}`),
  measured('started_at', 'time', 'start of the measured window, ISO 8601', m => m.startedAt),
  measured(
    'window',
    'text',
    'what the figures cover: steady, or whole (the run from its empty start)',
    m => m.window ?? 'whole',
  ),
  {
    name: 'variant',
    type: 'text',
    meaning: 'name of the variant; empty in a sweep without variants',
    of: row => row.result.point.deployment.variant ?? null,
  },
  measured('warmup_requests', 'integer', 'requests sent before the measured ones', m => m.warmupRequests ?? null),
]

/** Columns that were added later. */
const sessionColumns: readonly CsvColumn[] = [
  measured('turns', 'number', 'measured requests of a session, mean; empty without sessions', m =>
    m.sessions === undefined || m.sessions.count === 0 ? null : m.sessions.turns,
  ),
  measured(
    'sessions',
    'integer',
    'sessions with a measured request; empty without sessions',
    m => m.sessions?.count ?? null,
  ),
]

/** Columns next to the accuracy. */
const qualityColumns: readonly CsvColumn[] = [
  measured(
    'accuracy_low',
    'number',
    'low end of the 95% interval of the accuracy, 0–1',
    m => accuracyOf(m.quality)?.interval[0] ?? null,
  ),
  measured(
    'accuracy_high',
    'number',
    'high end of the 95% interval of the accuracy, 0–1',
    m => accuracyOf(m.quality)?.interval[1] ?? null,
  ),
  measured('accuracy_questions', 'integer', 'answered questions behind the accuracy', m =>
    m.quality === undefined ? null : answersOf(m.quality).answered,
  ),
  measured('accuracy_unanswered', 'integer', 'questions whose request failed', m =>
    m.quality === undefined ? null : answersOf(m.quality).unanswered,
  ),
]

/** Currency of amounts of money. Columns that are added later come after it. */
const moneyColumns: readonly CsvColumn[] = [
  measured(
    'currency',
    'text',
    'currency of the costs, an ISO 4217 code; empty without a price, or if the price names none',
    m => m.price?.currency ?? null,
  ),
]

/**
 * All columns in order. Scripts rely on the position of those up to `on_frontier`, so new columns go to the end.
 * @param registry the registered figures
 */
export function columnsOf(registry: readonly Figure[] = figures): readonly CsvColumn[] {
  const isFirst = (figure: Figure) => firstFigures.includes(figure)
  const isLater = (figure: Figure) => lastFigures.includes(figure) || newFigures.includes(figure)
  return [
    ...identityColumns,
    ...registry.filter(isFirst).map(figureColumn),
    ...standingColumns,
    ...figures.filter(figure => !isFirst(figure) && !isLater(figure)).map(figureColumn),
    ...sessionColumns,
    ...lastFigures.map(figureColumn),
    ...qualityColumns,
    ...newFigures.map(figureColumn),
    ...moneyColumns,
    ...registry.filter(figure => !figures.includes(figure)).map(figureColumn),
  ]
}

/** The columns of the registered figures. */
export const csvColumns: readonly CsvColumn[] = columnsOf()

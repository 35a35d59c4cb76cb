import type { Twin } from '../../analysis/twin/index.ts'
import { counted } from '../../model/index.ts'
import type { PredictedPoint } from '../views/predicted-point.ts'
import { table } from './table.ts'

/** Titles of the fitted figures. */
const shown = [
  ['ttft_p50_ms', 'TTFT p50'],
  ['ttft_p95_ms', 'TTFT p95'],
  ['itl_p50_ms', 'ITL p50'],
  ['itl_p95_ms', 'ITL p95'],
  ['request_latency_p50_ms', 'latency p50'],
  ['output_tokens_per_s', 'tokens/s'],
] as const

const percent = (share: number) => `${(100 * share).toFixed(1)}%`

/** The result of a fit and its accuracy. */
export function fitText(file: string, twin: Twin): string {
  const kinds = [
    ['fitted to', twin.errors.fitted],
    ['points left out', twin.errors.heldOutPoints],
    ['topologies left out', twin.errors.heldOutTopologies],
  ] as const
  const rows = shown.map(([name, title]) => [
    title,
    ...kinds.map(([, errors]) => {
      const error = errors[name]
      return error === undefined ? '–' : `${percent(error.median)} / ${percent(error.p90)}`
    }),
  ])
  const parameters = Object.entries(twin.parameters).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
  return [
    `${file}: fitted to ${counted(twin.points, 'point')} over ${twin.range.topologies.join(', ')}`,
    `profile before the fit: ${twin.profile.name}; routing: ${twin.routing}`,
    '',
    'error of predictions, median / 90th percentile of its size:',
    table([{ title: '' }, ...kinds.map(([title]) => ({ title, align: 'right' as const }))], rows),
    '',
    `parameters: ${parameters.join(', ')}`,
    ...twin.notes,
    ...(twin.errors.heldOutTopologies.ttft_p50_ms === undefined
      ? ['one topology was measured: how well others are predicted is not known']
      : []),
  ].join('\n')
}

/** Predictions as a table: figures with their bands, extrapolations as footnotes. */
export function predictionText(points: readonly PredictedPoint[]): string {
  if (points.length === 0) return 'every point of this sweep was measured in the run that the twin was fitted to'
  const remarksOf = ({ prediction, findings }: PredictedPoint) => [
    ...prediction.extrapolated.map(reason => `extrapolated: ${reason}`),
    ...findings.filter(({ severity }) => severity !== 'note').map(({ severity, message }) => `${severity}: ${message}`),
  ]
  const remarks = [...new Set(points.flatMap(remarksOf))]
  const marks = (point: PredictedPoint) =>
    remarksOf(point)
      .map(remark => `[${remarks.indexOf(remark) + 1}]`)
      .join('')
  const columns = [
    ['ttft_p50_ms', 'TTFT p50 ms'],
    ['ttft_p95_ms', 'TTFT p95 ms'],
    ['itl_p50_ms', 'ITL p50 ms'],
    ['output_tokens_per_s', 'tokens/s'],
    ['output_tokens_per_s_per_gpu', 'tokens/s/GPU'],
  ] as const
  const cell = (point: PredictedPoint, name: string) => {
    const figure = point.prediction.figures[name]
    if (figure === undefined) return '–'
    const value = figure.value >= 100 ? figure.value.toFixed(0) : figure.value.toFixed(1)
    // JSON has no infinity, so an open band is null.
    return Number.isFinite(figure.high) && figure.high !== null
      ? `${value} (${short(figure.low)}–${short(figure.high)})`
      : `${value} (?)`
  }
  return [
    table(
      [
        { title: 'topology' },
        { title: 'workload' },
        { title: 'load' },
        ...columns.map(([, title]) => ({ title, align: 'right' as const })),
        { title: '' },
      ],
      points.map(point => [
        point.topology,
        point.workload,
        point.load,
        ...columns.map(([name]) => cell(point, name)),
        marks(point),
      ]),
    ),
    '',
    'in brackets: 90% interval, from the errors of predictions that were checked against measurements',
    ...remarks.map((remark, index) => `[${index + 1}] ${remark}`),
  ].join('\n')
}

function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1)
}

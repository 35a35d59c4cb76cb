import { stringify } from 'csv-stringify/sync'
import type { PredictedPoint } from '../views/predicted-point.ts'

/** One row per predicted point: each figure with the ends of its band. */
export function predictionsCsv(points: readonly PredictedPoint[]): string {
  const names = [...new Set(points.flatMap(point => Object.keys(point.prediction.figures)))]
  const header = [
    ...['point_id', 'topology', 'gpus', 'workload', 'load', 'measured', 'basis', 'extrapolated', 'findings'],
    ...names.flatMap(name => [name, `${name}_low`, `${name}_high`]),
  ]
  const rows = points.map(({ pointId, topology, gpus, workload, load, measured, findings, prediction }) => [
    ...[pointId, topology, gpus, workload, load, measured, prediction.basis, prediction.extrapolated.join('; ')],
    findings.map(({ code }) => code).join('; '),
    ...names.flatMap((name): readonly (string | number)[] => {
      const figure = prediction.figures[name]
      return figure === undefined ? ['', '', ''] : [figure.value, figure.low, figure.high]
    }),
  ])
  return stringify([header, ...rows], { escape_formulas: true, cast: { boolean: value => String(value) } })
}

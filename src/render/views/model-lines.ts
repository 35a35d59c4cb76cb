import { mean } from 'simple-statistics'
import type { MeasuredPoint } from '../../analysis/measured-point.ts'
import type { Distribution, ModelFigures } from '../../metrics/measurement.ts'
import { counted, time } from './format.ts'

/** A line about one of the mixed models: its name and the results of its requests. */
export type ModelLine = readonly [name: string, said: string]

/** Results of each mixed model at a point, as means over valid repeats; empty with one model. */
export function modelLines({ valid }: Pick<MeasuredPoint, 'valid'>): readonly ModelLine[] {
  const names = [...new Set(valid.flatMap(({ models = [] }) => models.map(({ name }) => name)))]
  return names.map(name => {
    const own = valid.flatMap(({ models = [] }) => models.filter(model => model.name === name))
    const sum = (of: (model: ModelFigures) => number) => own.reduce((total, model) => total + of(model), 0)
    const p95 = (title: string, of: (model: ModelFigures) => Distribution | null) => {
      const known = own.flatMap(model => of(model)?.p95 ?? [])
      return known.length === 0 ? [] : [`${title} p95 ${time(mean(known))}`]
    }
    const failed = sum(({ requests }) => requests.failed)
    return [
      name,
      [
        counted(
          sum(({ requests }) => requests.sent),
          'request',
        ),
        ...(failed === 0 ? [] : [`${failed} failed`]),
        ...p95('TTFT', ({ ttftMs }) => ttftMs),
        ...p95('ITL', ({ itlMs }) => itlMs),
        ...p95('latency', ({ requestLatencyMs }) => requestLatencyMs),
      ].join(', '),
    ]
  })
}

import type { Figure } from '../../metrics/figures/index.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import type { SeededValues } from './change-test.ts'

/** Figure of each valid repeat of a point that has it, by the seed of the repeat's load. */
export function seededValues(figure: Figure, point: MeasuredPoint): SeededValues {
  return point.repeats.flatMap(({ status, measurement, point: { load } }) => {
    const value = status === 'ok' && measurement !== null ? figure.of(measurement, point.deployment) : null
    return value === null ? [] : [{ seed: load.seed, value }]
  })
}

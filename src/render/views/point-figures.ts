import type { Analysis } from '../../analysis/analyse.ts'
import type { MeasuredPoint } from '../../analysis/measured-point.ts'
import { type Figure, figuresIn, interactivity, perGpuThroughput } from '../../metrics/figures/index.ts'
import { shownFigures } from './chart-point.ts'

/**
 * Figure columns of point tables: the frontier's axes, then other figures that the registry shows in tables.
 * @param points all points of the run, so that all its tables have the same columns
 */
export function tableFigures(
  figures: readonly Figure[],
  points: readonly Pick<MeasuredPoint, 'figures'>[],
): readonly Figure[] {
  const axes = [interactivity, perGpuThroughput]
  const isSeen = ({ name }: Figure) => points.some(point => (point.figures[name] ?? null) !== null)
  const shown = figuresIn('tables', figures).filter(figure => figure.ifObserved !== true || isSeen(figure))
  return [
    ...axes.flatMap(axis => shown.filter(({ name }) => name === axis)),
    ...shown.filter(({ name }) => !axes.includes(name)),
  ]
}

/** Every figure of a point in registry order, as means over its repeats; null if not observed. */
export function pointFigures(point: MeasuredPoint, { figures }: Pick<Analysis, 'figures'>): readonly (number | null)[] {
  const shown = shownFigures(point, figures)
  return figures.map(({ name }) => shown[name]?.mean ?? null)
}

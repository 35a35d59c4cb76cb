import { unitText } from '../../metrics/figures/energy.ts'
import { type Figure, figuresIn, interactivity, perGpuThroughput } from '../../metrics/figures/index.ts'
import type { MeasuredPoint } from '../measured-point.ts'

/** An axis that readers can choose for the frontiers of several runs. */
export interface Axis {
  /** Name of the figure. */
  readonly name: string
  readonly title: string
  readonly unit: string
  readonly better: 'lower' | 'higher'
  /** Whether any run has the figure. Others are listed as not available; they are never 0. */
  readonly available: boolean
}

/** Initial axes of the chart. */
export const firstAxes = { x: interactivity, y: perGpuThroughput } as const

/** Axes that readers look for. They are listed even if the registry has no such figure. */
const lookedFor: readonly Omit<Axis, 'available'>[] = [
  { name: 'output_tokens_per_s_per_mw', title: 'Output tokens/s per MW', unit: 'tokens/s/MW', better: 'higher' },
  {
    name: 'cost_per_million_output_tokens',
    title: 'Cost per million output tokens',
    unit: '',
    better: 'lower',
  },
]

/** Figures that can be an axis: those marked in the registry, and those that readers look for. */
export function axisFigures(registry: readonly Figure[]): readonly Figure[] {
  const marked = figuresIn('axes', registry)
  return [
    ...marked,
    ...registry.filter(figure => !marked.includes(figure) && lookedFor.some(({ name }) => name === figure.name)),
  ]
}

/** Every axis, and whether the points have it. */
export function axesOf(figures: readonly Figure[], points: readonly MeasuredPoint[]): readonly Axis[] {
  const measured = points.flatMap(({ valid }) => valid)
  const known = figures.map(({ name, title, better, ...figure }) => {
    const unit = unitText(figure, measured)
    return { name, title, unit, better, isOneUnit: unit === figure.unit || !unit.includes(' and ') }
  })
  const missing = lookedFor.filter(({ name }) => known.every(axis => axis.name !== name))
  return [...known, ...missing.map(axis => ({ ...axis, isOneUnit: true }))].map(({ isOneUnit, ...axis }) => ({
    ...axis,
    // Amounts in two currencies have no common axis.
    available: isOneUnit && points.some(point => (point.figures[axis.name] ?? null) !== null),
  }))
}

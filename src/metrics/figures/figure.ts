import { distance } from 'fastest-levenshtein'
import type { Deployment, Role } from '../../model/index.ts'
import type { Measurement } from '../measurement.ts'
import { type Unit, units } from './unit.ts'

/** A key figure of a measurement: its name, unit, and whether higher or lower is better. */
export interface Figure {
  /** Column name in points.csv and name in `--fail-on`. Ends with the unit if the unit has an ending. */
  readonly name: string
  /** Name for people. */
  readonly title: string
  /** Heading of table columns; default: the title. */
  readonly short?: string
  readonly unit: Unit
  readonly better: 'lower' | 'higher'
  /** Null if the measurement lacks the data: not streamed, no SLO, no workers of the role. */
  readonly of: (measurement: Measurement, deployment: Deployment) => number | null
  /** The role that it describes. A limit tests only points whose deployment has it. */
  readonly role?: Role
  /** True for a figure that most runs lack. It is compared and shown in tables only if observed. */
  readonly ifObserved?: true
  /**
   * For a figure that not every point has: whether this measurement should have it. A limit tests only those points; a
   * deployment without any is not tested.
   */
  readonly isAsked?: (measurement: Measurement) => boolean
  /** Places that show it by default. Exports, a point's details and `--fail-on` have every figure. */
  readonly shownIn?: readonly FigureView[]
}

/**
 * `tables`: a column in tables of points. `comparison`: compared by `fulcrum compare` (each figure reduces the power of
 * the others, because all share one false discovery rate). `history`: followed over runs. `axes`: an axis to choose in
 * an overlay.
 */
export type FigureView = 'tables' | 'comparison' | 'history' | 'axes'

/** Figures shown in a place by default, in registry order. */
export function figuresIn<F extends Figure>(place: FigureView, figures: readonly F[]): readonly F[] {
  return figures.filter(({ shownIn }) => shownIn?.includes(place))
}

/** A figure's name without its unit: `ttft_p95`. */
export function bareName({ name, unit }: { readonly name: string; readonly unit: Unit | '' }): string {
  const ending = unit === '' ? '' : units[unit].ending
  return ending !== '' && name.endsWith(ending) ? name.slice(0, -ending.length) : name
}

/** The figure with this name, with or without its unit. */
export function figureNamed<F extends { readonly name: string; readonly unit: Unit | '' }>(
  written: string,
  figures: readonly F[],
): F | undefined {
  const name = written.toLowerCase()
  return figures.find(figure => name === figure.name || name === bareName(figure))
}

/** Maximum names to suggest. */
const mostProposed = 4

/**
 * Names that a user may have meant by an unknown one: those that contain it, or otherwise the one that differs in at
 * most a third of its letters.
 */
export function nearFigures(
  written: string,
  figures: readonly { readonly name: string; readonly unit: Unit | '' }[],
): readonly string[] {
  const name = written.toLowerCase()
  const names = figures.map(bareName)
  const longer = names.filter(one => one.includes(name))
  // Figures that objectives use come first.
  if (longer.length > 0)
    return longer.toSorted((a, b) => Number(/p95/.test(b)) - Number(/p95/.test(a))).slice(0, mostProposed)
  const [nearest] = names
    .map(one => ({ one, mistakes: distance(name, one) }))
    .toSorted((a, b) => a.mistakes - b.mistakes)
  return nearest !== undefined && nearest.mistakes <= name.length / 3 ? [nearest.one] : []
}

/** `Did you mean ttft_p95 or ttft_p50? `; empty if no name is similar. */
export function didYouMean(names: readonly string[]): string {
  const last = names.at(-1)
  if (last === undefined) return ''
  return `Did you mean ${names.length === 1 ? last : `${names.slice(0, -1).join(', ')} or ${last}`}? `
}

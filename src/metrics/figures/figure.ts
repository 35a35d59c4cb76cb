import { distance } from 'fastest-levenshtein'
import type { Deployment } from '../../model/index.ts'
import type { Measurement } from '../measurement.ts'
import { type Unit, units } from './unit.ts'

/** A key figure of a measurement: what it is called everywhere, its unit, and which way is better. */
export interface Figure {
  /** Column name in points.csv, name in `--fail-on`; carries the unit where the unit has an ending. */
  readonly name: string
  /** As a person reads it. */
  readonly title: string
  /** Head of a table's column; the title where it is short enough. */
  readonly short?: string
  readonly unit: Unit
  readonly better: 'lower' | 'higher'
  /** Null where the measurement can't say: not streamed, no SLO, no such workers. */
  readonly of: (measurement: Measurement, deployment: Deployment) => number | null
  /** Compared, and in tables, only where it was observed: most runs can't. */
  readonly ifObserved?: true
  /**
   * Of a figure that is not asked of every point: whether this measurement was asked for it. A limit tests those that
   * were, and a deployment of which no point was is not tested.
   */
  readonly isAsked?: (measurement: Measurement) => boolean
  /**
   * Where it appears without being asked for; every figure is in the exports, in a point's details and open to
   * `--fail-on`.
   */
  readonly shownIn?: readonly FigureView[]
}

/**
 * `tables`: a column of the tables of points in reports. `comparison`: compared by `fulcrum compare` (each one costs
 * the others some power, as all share one false-discovery rate). `history`: followed over runs. `axes`: an axis to
 * choose where the frontiers of several runs are in one picture.
 */
export type FigureView = 'tables' | 'comparison' | 'history' | 'axes'

/** Figures that appear in a place without being asked for, in the order of the registry. */
export function figuresIn<F extends Figure>(place: FigureView, figures: readonly F[]): readonly F[] {
  return figures.filter(({ shownIn }) => shownIn?.includes(place))
}

/** A figure's name without its unit: `ttft_p95`. */
export function bareName({ name, unit }: { readonly name: string; readonly unit: Unit | '' }): string {
  const ending = unit === '' ? '' : units[unit].ending
  return ending !== '' && name.endsWith(ending) ? name.slice(0, -ending.length) : name
}

/** The figure that somebody wrote, with or without its unit. */
export function figureNamed<F extends { readonly name: string; readonly unit: Unit | '' }>(
  written: string,
  figures: readonly F[],
): F | undefined {
  const name = written.toLowerCase()
  return figures.find(figure => name === figure.name || name === bareName(figure))
}

/** At most so many names are proposed. */
const mostProposed = 4

/**
 * Names that were probably meant by one that no figure has: those that it is a part of, else the one that differs by
 * at most a third of its letters.
 */
export function nearFigures(
  written: string,
  figures: readonly { readonly name: string; readonly unit: Unit | '' }[],
): readonly string[] {
  const name = written.toLowerCase()
  const names = figures.map(bareName)
  const longer = names.filter(one => one.includes(name))
  // The figures that objectives are on come first.
  if (longer.length > 0)
    return longer.toSorted((a, b) => Number(/p95/.test(b)) - Number(/p95/.test(a))).slice(0, mostProposed)
  const [nearest] = names
    .map(one => ({ one, mistakes: distance(name, one) }))
    .toSorted((a, b) => a.mistakes - b.mistakes)
  return nearest !== undefined && nearest.mistakes <= name.length / 3 ? [nearest.one] : []
}

/** `Did you mean ttft_p95 or ttft_p50? `; empty where nothing is near. */
export function didYouMean(names: readonly string[]): string {
  const last = names.at(-1)
  if (last === undefined) return ''
  return `Did you mean ${names.length === 1 ? last : `${names.slice(0, -1).join(', ')} or ${last}`}? `
}

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
  /**
   * Where it appears without being asked for; every figure is in the exports, in a point's details and open to
   * `--fail-on`.
   */
  readonly shownIn?: readonly FigurePlace[]
}

/**
 * `tables`: a column of the tables of points in reports. `comparison`: compared by `fulcrum compare` (each one costs
 * the others some power, as all share one false-discovery rate). `history`: followed over runs. `axes`: an axis to choose
 * where the frontiers of several runs are in one picture.
 */
export type FigurePlace = 'tables' | 'comparison' | 'history' | 'axes'

/** Figures that appear in a place without being asked for, in the order of the registry. */
export function figuresIn<F extends Figure>(place: FigurePlace, figures: readonly F[]): readonly F[] {
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

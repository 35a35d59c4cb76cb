import { figures } from '../../metrics/figures/index.ts'
import type { Measurement } from '../../metrics/measurement.ts'
import { percentileOfSorted } from '../../metrics/percentiles/index.ts'
import type { Deployment } from '../../model/index.ts'
import type { Simulation } from '../../simulator/simulate.ts'
import type { FitPoint } from './fit-point.ts'
import type { FigureErrors } from './twin.ts'

/** Every key figure of a measurement or simulation, by name. */
export function figuresOf(measurement: Measurement, deployment: Deployment): { readonly [figure: string]: number } {
  return Object.fromEntries(
    figures.flatMap(figure => {
      const value = figure.of(measurement, deployment)
      return value === null ? [] : [[figure.name, value]]
    }),
  )
}

/** Relative errors of a prediction for a point: one for each figure that both have. */
export type PointErrors = { readonly [figure: string]: number }

/** Relative errors of a simulation compared with the measured point. */
export function pointErrors(point: FitPoint, simulation: Simulation): PointErrors {
  const predicted = figuresOf(simulation, point.deployment)
  return Object.fromEntries(
    Object.entries(point.measured).flatMap(([name, measured]) => {
      const value = predicted[name]
      return value === undefined || measured === 0 ? [] : [[name, (value - measured) / measured]]
    }),
  )
}

/** Summarizes the errors of many predictions for each figure. */
export function figureErrors(errors: readonly PointErrors[]): FigureErrors {
  const names = new Set(errors.flatMap(one => Object.keys(one)))
  return Object.fromEntries(
    [...names].map(name => {
      const signed = errors.flatMap(one => one[name] ?? [])
      const sizes = signed.map(Math.abs)
      return [
        name,
        { count: signed.length, median: quantile(sizes, 0.5), p90: quantile(sizes, 0.9), bias: quantile(signed, 0.5) },
      ]
    }),
  )
}

const quantile = (values: readonly number[], share: number) =>
  percentileOfSorted(
    values.toSorted((a, b) => a - b),
    100 * share,
  )

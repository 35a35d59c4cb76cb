import { resolve } from 'node:path'
import type { Sweep } from '../spec/sweep.ts'
import type { SweepInput } from './define-sweep.ts'

/**
 * How {@link planSweep} and {@link runSweep} read a sweep.
 *
 * @example
 * ```ts
 * import { planSweep, type SweepOptions } from 'fulcrum'
 *
 * const options: SweepOptions = { allowPoints: 20_000 }
 * const plan = await planSweep('sweeps/quick.yaml', options)
 * console.log(plan.pointCount)
 * ```
 */
export interface SweepOptions {
  /**
   * Where relative paths in a sweep that is given as a value start; the working directory unless given. Those of a file
   * start at its folder.
   */
  readonly folder?: string
  /** Accepts a grid of up to this many points, over the sweep's own `allow_points`. */
  readonly allowPoints?: number
}

/** A sweep by its file, or as a value. */
export async function sweepOf(sweep: SweepInput | string, { folder = '.', ...options }: SweepOptions): Promise<Sweep> {
  const { loadSweep, sweepOfValue } = await import('../spec/load-sweep.ts')
  return typeof sweep === 'string' ? loadSweep(sweep, options) : sweepOfValue(sweep, resolve(folder), options)
}

import { resolve } from 'node:path'
import type { Plan } from '../spec/sweep.ts'
import type { SweepInput } from './define-sweep.ts'
import { type SweepOptions, sweepOf } from './sweep-of.ts'

/**
 * Checks and plans a sweep: which points it measures, grouped by deployment, in the order that starts the fewest
 * workers. Starts nothing. The estimate is in seconds, based on past runs of the sweep under `out`.
 *
 * @param sweep the path of a sweep file (YAML or a module), or a sweep made with `defineSweep`
 * @param options `out`: folder of runs, `results` by default; `only`: ids of the points to plan
 * @throws FulcrumError `bad-input` that lists every problem of the sweep, one a line
 *
 * @example
 * ```ts
 * import { planSweep } from 'fulcrum'
 *
 * const { pointCount, deployments, cost, estimate } = await planSweep('sweeps/quick.yaml')
 * console.log(`${pointCount} points over ${deployments.length} deployments`)
 * console.log(`${cost.workersStarted} workers start; about ${estimate?.seconds ?? 'an unknown number of'} s`)
 * ```
 */
export async function planSweep(
  sweep: SweepInput | string,
  options: SweepOptions & { readonly out?: string; readonly only?: readonly string[] } = {},
): Promise<Plan> {
  const checked = await sweepOf(sweep, options)
  const [{ planSweep: plan }, { onlyPoints }, { pastSecondsPerPoint }] = await Promise.all([
    import('../plan/plan.ts'),
    import('../plan/only.ts'),
    import('../journal/index.ts'),
  ])
  const whole = plan(checked, await pastSecondsPerPoint(resolve(options.out ?? 'results'), checked.name))
  return options.only === undefined ? whole : onlyPoints(whole, options.only)
}

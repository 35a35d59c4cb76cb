import { resolve } from 'node:path'
import { type Analysis, analyse as analyseRun } from '../analysis/analyse.ts'
import type { Comparison } from '../analysis/compare/comparison.ts'
import type { Run } from '../journal/run.ts'

/**
 * Reads a run from its folder, even while it is being written: manifest, all journal lines, the latest result of each
 * point, and the planned points without a result.
 *
 * @param folder of the run, such as `results/quick/20261124T230000Z-1a2b3c`
 * @throws FulcrumError `bad-input` (`not-a-run`, `manifest-invalid`) for a folder without a run; `environment`
 *   (`journal-corrupt`) for a journal that is damaged before its last line
 *
 * @example
 * ```ts
 * import { readRun } from 'fulcrum'
 *
 * const run = await readRun('results/quick/20261124T230000Z-1a2b3c')
 * for (const { point, status, measurement } of run.results) {
 *   console.log(point.id, status, measurement?.ttftMs?.p95 ?? 'no TTFT', 'ms')
 * }
 * ```
 */
export async function readRun(folder: string): Promise<Run> {
  const { readRunWithMissingPoints } = await import('../commands/run-with-missing-points.ts')
  return readRunWithMissingPoints(resolve(folder))
}

/**
 * Analyzes a run as for its report: groups repeats, and computes the Pareto frontier of each workload, the recommended
 * deployment and load curves. Pure: the same run gives the same analysis.
 *
 * @example
 * ```ts
 * import { analyse, readRun } from 'fulcrum'
 *
 * const { workloads } = analyse(await readRun('results/quick/20261124T230000Z-1a2b3c'))
 * for (const { name, frontier } of workloads) {
 *   for (const { deployment, x, y } of frontier)
 *     console.log(name, deployment.id, x?.mean, 'tokens/s/user', y?.mean, 'tokens/s/GPU')
 * }
 * ```
 */
export function analyse(run: Run): Analysis {
  return analyseRun(run)
}

/**
 * Gates of {@link compare}, and runs that show the noise between runs.
 *
 * @example
 * ```ts
 * import type { CompareOptions } from 'fulcrum'
 *
 * const gate: CompareOptions = { failOn: ['ttft_p95>5%', 'slo'], allowLost: 1 }
 * console.log(gate)
 * ```
 */
export interface CompareOptions {
  /** Gates: a change of a figure (`ttft_p95>5%`), a limit (`ttft_p95>2000ms`), or `slo`. */
  readonly failOn?: readonly string[]
  /** Number of points measured in the base that may lack a valid result in the head; default: 0. */
  readonly allowLost?: number
  /**
   * Other runs of the base's sweep, which show the differences between runs without a change; default: those beside the
   * base's folder.
   */
  readonly known?: readonly Run[]
}

/**
 * Compares two runs of the same points: which figures changed, by how much, and whether the change exceeds the noise. A
 * gate that could not be tested has not passed.
 *
 * @throws FulcrumError `bad-input` (`threshold-invalid`) for an invalid gate
 *
 * @example
 * ```ts
 * import { compare, readRun } from 'fulcrum'
 *
 * const base = await readRun('results/nightly/20261123T020000Z-aaaaaa')
 * const head = await readRun('results/nightly/20261124T020000Z-bbbbbb')
 * const { points, gates } = await compare(base, head, { failOn: ['ttft_p95>5%'] })
 * for (const { changes } of points) {
 *   for (const { figure, relative, verdict } of changes) {
 *     if (verdict === 'slower') console.log(figure.title, `${((relative ?? 0) * 100).toFixed(1)}%`)
 *   }
 * }
 * for (const { outcome, reason } of gates) console.log(outcome, reason)
 * ```
 */
export async function compare(base: Run, head: Run, options: CompareOptions = {}): Promise<Comparison> {
  const [{ compareRuns }, { parseComparisonGate }, { noiseRuns }] = await Promise.all([
    import('../analysis/compare/compare.ts'),
    import('../analysis/compare/quality-gate.ts'),
    import('../commands/noise-runs.ts'),
  ])
  const gates = (options.failOn ?? []).map(text => parseComparisonGate(text))
  const known = options.known ?? (await noiseRuns(base, head))
  return compareRuns(base, head, gates, known, { lost: options.allowLost ?? 0 })
}

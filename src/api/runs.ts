import { resolve } from 'node:path'
import { type Analysis, analyse as analyseRun } from '../analysis/analyse.ts'
import type { Comparison } from '../analysis/compare/comparison.ts'
import type { Run } from '../journal/run.ts'

/**
 * Reads a run back from its folder, also while it is being written: what was asked, every journal line, the latest
 * result of each point, and the planned points that have no result.
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
 * Concludes from a run what its report says: repeats grouped, the Pareto frontier of each workload, the recommended
 * deployment, load curves. Pure: the same run gives the same analysis.
 *
 * @example
 * ```ts
 * import { analyse, readRun } from 'fulcrum'
 *
 * const { workloads } = analyse(await readRun('results/quick/20261124T230000Z-1a2b3c'))
 * for (const { name, frontier } of workloads) {
 *   for (const { deployment, x, y } of frontier) console.log(name, deployment.id, x?.mean, 'tokens/s/user', y?.mean, 'tokens/s/GPU')
 * }
 * ```
 */
export function analyse(run: Run): Analysis {
  return analyseRun(run)
}

/**
 * The gates of {@link compare}, and the runs that show the noise between runs.
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
  /** Gates: a change of a figure (`ttft_p95>5%`), a limit of one (`ttft_p95>2000ms`), or `slo`. */
  readonly failOn?: readonly string[]
  /** Points that the base measured and that may lack a valid result in the head; 0 unless given. */
  readonly allowLost?: number
  /**
   * Other runs of the base's sweep, which show how runs differ by themselves; those beside the base's folder unless
   * given.
   */
  readonly known?: readonly Run[]
}

/**
 * Compares two runs of the same points: which figures changed, by how much, and whether that is more than noise. A gate
 * that could not be tested has not passed.
 *
 * @throws FulcrumError `bad-input` (`threshold-invalid`) for a gate that can't be read
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

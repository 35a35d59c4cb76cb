import { type AbsoluteGate, isAbsolute, parseGate } from '../analysis/gates/gate.ts'
import { isStopped } from '../analysis/gates/outcome.ts'
import { exitCodes, FulcrumError, type Slo } from '../model/index.ts'
import type { ReportedLimit } from '../render/views/limits.ts'

export { type ReportedLimit, reportedLimits } from '../render/views/limits.ts'

/** Values of `--fail-on` and `--allow-lost` for one run. */
export interface AskedLimits {
  /** `slo`, `ttft_p95>2000ms` */
  readonly failOn?: readonly string[]
  /** Number of points that may lack a valid result. Default: 0. */
  readonly allowLost?: number
}

/**
 * Parses the gates of a command with a single run.
 * @throws FulcrumError (bad-input) for an invalid gate, or a change in %, which needs two runs
 */
export const parseLimits = ({ failOn = [] }: AskedLimits): readonly AbsoluteGate[] =>
  failOn.map(text => parseGate(text, null)).filter(isAbsolute)

/**
 * Refuses a gate on an SLO that the sweep does not have.
 * @throws FulcrumError (bad-input)
 */
export function refuseSloWithout(slo: Slo, limits: readonly AbsoluteGate[]): void {
  if (Object.keys(slo).length > 0 || limits.every(({ kind }) => kind !== 'slo')) return
  throw new FulcrumError('bad-input', 'no-slo', 'Cannot test --fail-on slo: the sweep file has no slo.', {
    remedy: 'Add one, such as slo: { ttft_p95_ms: 2000, itl_p95_ms: 25 }, or use a limit: --fail-on "ttft_p95>2000ms".',
  })
}

/** The exit code: 1 if everything else succeeded and a gate did not pass. */
export function exitCodeWith(limits: readonly ReportedLimit[], exitCode: number): number {
  return exitCode === exitCodes.ok && isStopped(limits.filter(({ isGate }) => isGate))
    ? exitCodes.pointsFailed
    : exitCode
}

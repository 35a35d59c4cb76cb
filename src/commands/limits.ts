import { type AbsoluteGate, isAbsolute, parseGate } from '../analysis/gates/gate.ts'
import { isStopped } from '../analysis/gates/outcome.ts'
import { exitCodes, FulcrumError, type Slo } from '../model/index.ts'
import type { ReportedLimit } from '../render/views/limits.ts'

export { type ReportedLimit, reportedLimits } from '../render/views/limits.ts'

/** What `--fail-on` and `--allow-lost` of a command ask of one run. */
export interface AskedLimits {
  /** `slo`, `ttft_p95>2000ms` */
  readonly failOn?: readonly string[]
  /** Points without a valid result that are accepted; 0 unless told. */
  readonly allowLost?: number
}

/**
 * Reads the limits of a command that has one run to hold against them.
 * @throws FulcrumError (bad-input) for a text that is none, or a change in %
 */
export const parseLimits = ({ failOn = [] }: AskedLimits): readonly AbsoluteGate[] =>
  failOn.map(text => parseGate(text, null)).filter(isAbsolute)

/** @throws FulcrumError (bad-input) for a gate on an SLO that the sweep doesn't have */
export function refuseSloWithout(slo: Slo, limits: readonly AbsoluteGate[]): void {
  if (Object.keys(slo).length > 0 || limits.every(({ kind }) => kind !== 'slo')) return
  throw new FulcrumError('bad-input', 'no-slo', 'Cannot test --fail-on slo: the sweep file has no slo.', {
    remedy: 'Add one, such as slo: { ttft_p95_ms: 2000, itl_p95_ms: 25 }, or use a limit: --fail-on "ttft_p95>2000ms".',
  })
}

/** 1 where all else is well and a gate is not passed. */
export function exitCodeWith(limits: readonly ReportedLimit[], exitCode: number): number {
  return exitCode === exitCodes.ok && isStopped(limits.filter(({ isGate }) => isGate))
    ? exitCodes.pointsFailed
    : exitCode
}

import type { AbsoluteGate } from '../../analysis/gates/gate.ts'
import { limitOutcome, type WorkloadOutcome } from '../../analysis/gates/limit.ts'
import type { Outcome } from '../../analysis/gates/outcome.ts'
import type { Run } from '../../journal/index.ts'

/** A limit and its result. */
export interface ReportedLimit {
  /** As the user wrote it. */
  readonly limit: string
  /** True for a gate, which decides the exit code. The sweep's SLO is always reported. */
  readonly isGate: boolean
  readonly outcome: Outcome
  readonly reason: string
  readonly workloads: readonly WorkloadOutcome[]
}

/** Checks a run against the given limits and its SLO. */
export function reportedLimits(run: Run, limits: readonly AbsoluteGate[], allowLost = 0): readonly ReportedLimit[] {
  const hasSlo = run.results.some(({ point }) => Object.keys(point.slo).length > 0)
  const besides: readonly AbsoluteGate[] =
    hasSlo && limits.every(({ kind }) => kind !== 'slo') ? [{ kind: 'slo', text: 'slo' }] : []
  const held = (gate: AbsoluteGate, isGate: boolean): ReportedLimit => {
    const { outcome, reason, workloads } = limitOutcome(gate, run, {
      allowance: { lost: allowLost },
      runName: 'the run',
    })
    return { limit: gate.text, isGate, outcome, reason, workloads }
  }
  return [...besides.map(gate => held(gate, false)), ...limits.map(gate => held(gate, true))]
}

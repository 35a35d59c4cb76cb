import type { FigureChange } from '../compare/figure-change.ts'
import type { Gate } from './gate.ts'

/** Result of a gate. A gate that could not be tested has not passed. */
export type Outcome = 'passed' | 'failed' | 'not tested'

/** Result of a gate at one point or for one workload; `skipped` if the gate does not apply to it. */
export interface GateCase {
  readonly name: string
  readonly outcome: Outcome | 'skipped'
  /** Reason with figures; may be empty if it passed. */
  readonly message: string
  /** The compared change; absent for a limit, and if a run has no result. */
  readonly change?: FigureChange
}

/** A gate and its result. */
export interface GateOutcome {
  readonly gate: Gate
  readonly outcome: Outcome
  /** Evidence in words, without the outcome: `HEAD failed at 24 of 24 points that BASE measured`. */
  readonly reason: string
  readonly cases: readonly GateCase[]
}

/** A gate fails if any case fails. It passes if at least one case passed and none was left untested. */
export function outcomeOf(cases: readonly GateCase[]): Outcome {
  if (cases.some(({ outcome }) => outcome === 'failed')) return 'failed'
  if (cases.some(({ outcome }) => outcome === 'not tested')) return 'not tested'
  return cases.some(({ outcome }) => outcome === 'passed') ? 'passed' : 'not tested'
}

/** Whether these gates make a command end with exit code 1. */
export const isStopped = (gates: readonly { readonly outcome: Outcome }[]): boolean =>
  gates.some(({ outcome }) => outcome !== 'passed')

/** `itl_p95>5%: not tested: HEAD failed at 24 of 24 points that BASE measured`. */
export function gateText({ gate, outcome, reason }: Pick<GateOutcome, 'gate' | 'outcome' | 'reason'>): string {
  if (reason === '') return `${gate.text}: ${outcome}`
  return `${gate.text}: ${outcome}${outcome === 'not tested' ? ': ' : ' '}${reason}`
}

/** `3 points`, `1 point`. */
export const pointCount = (count: number): string => `${count} ${count === 1 ? 'point' : 'points'}`

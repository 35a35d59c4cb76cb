import type { Findings } from '../../engines/role-settings.ts'
import type { LengthRange } from '../../generators/length-range.ts'
import { doubtedUnit, type TraceSummary } from '../../generators/trace-summary.ts'
import { FulcrumError, type Load, type ValidityLimits, type Workload } from '../../model/index.ts'
import { type Path, pathText } from '../../yaml/problem.ts'
import { lookUp, type SectionContext } from '../../yaml/section-context.ts'
import type { SweepFiles } from '../sweep-files.ts'
import { amount, lengthDeviations } from './lengths.ts'

/** The content of a trace, read before anything is deployed. */
export interface TraceFacts {
  /** Absolute path. */
  readonly file: string
  /** Number of requests to replay, and in the file. */
  readonly requests: number
  readonly inFile: number
  /** Number of sessions to replay; null if no request waits for another. */
  readonly sessions: number | null
  /** Unit of its timestamps, or `date`, with the reason if it was inferred. */
  readonly unit: string
  readonly guessed: string | null
  /** Recorded time between the first and the last of these requests in s. */
  readonly spanS: number
  readonly isl: LengthRange
  readonly osl: LengthRange
  /** Share of prompt tokens that a single unlimited prefix cache could reuse, 0–1; null without `hash_ids`. */
  readonly reusable: number | null
}

/** A trace that was read, for checks that need more than its facts. */
export interface CheckedTrace {
  readonly facts: TraceFacts
  readonly summary: TraceSummary
}

interface TraceCheck {
  readonly workloads: readonly Workload[]
  readonly loads: readonly Load[]
  readonly limits: Pick<ValidityLimits, 'islDeviation' | 'oslDeviation'>
  /** Path of a workload in the sweep file. */
  pathOf(index: number): Path
}

/**
 * Reads every trace of the sweep completely before anything is deployed. Rejects traces that cannot be replayed. Warns
 * about doubtful units and lengths that differ from those of the workloads.
 */
export async function checkTraces(
  { workloads, loads, limits, pathOf }: TraceCheck,
  context: SectionContext & { readonly files: SweepFiles },
  { refuse, warn }: Findings,
): Promise<readonly CheckedTrace[]> {
  const read = context.files.trace
  const checked = new Map<string, CheckedTrace>()
  const path: Path = ['load', 'trace', 'file']
  for (const load of loads) {
    const { level, seed, requests } = load
    if (read === undefined || level.kind !== 'trace' || lookUp(context, level.file) !== 'file') continue
    const { file } = level
    const key = keyOf(load, level)
    if (checked.has(key)) continue
    try {
      const summary = await read(level, { seed, most: requests ?? Number.POSITIVE_INFINITY })
      checked.set(key, { facts: factsOf(file, summary), summary })
    } catch (error) {
      if (!(error instanceof FulcrumError)) throw error
      const remedy = error.remedy ?? ''
      const said = error.message.endsWith(`; ${remedy}`) ? error.message.slice(0, -remedy.length - 2) : error.message
      refuse({ kind: 'sweep', path }, `${pathText(path)}: ${said}`, remedy)
    }
  }
  for (const load of loads) {
    const { level } = load
    if (level.kind !== 'trace' || level.users === undefined) continue
    const facts = checked.get(keyOf(load, level))?.facts
    const sessions = facts === undefined ? level.users : (facts.sessions ?? facts.requests)
    if (level.users > sessions)
      warn(
        { kind: 'sweep', path: ['load', 'trace', 'users'] },
        `${amount(level.users)} users replay ${amount(sessions)} ${sessions === 1 ? 'session' : 'sessions'}: the other users have nothing to do`,
        `write at most ${sessions} users, or replay more of the trace`,
      )
  }
  for (const { facts, summary } of checked.values()) {
    const doubt = doubtedUnit(summary)
    if (doubt !== null) warn({ kind: 'sweep', path: ['load', 'trace'] }, doubt.wrong, doubt.right)
    for (const [index, workload] of workloads.entries())
      for (const { key, wrong, right } of lengthDeviations(workload, facts, limits, 'trace'))
        warn({ kind: 'sweep', path: [...pathOf(index), key] }, wrong, right)
  }
  return [...checked.values()]
}

/** Key of the part of a trace that a load replays: the arguments of {@link SweepFiles.trace}. */
function keyOf(
  { seed, requests }: Pick<Load, 'seed' | 'requests'>,
  { file, unit, fromMs, untilMs, sample }: Extract<Load['level'], { kind: 'trace' }>,
): string {
  return JSON.stringify([file, unit, fromMs, untilMs, sample, seed, requests])
}

function factsOf(
  file: string,
  { count, inFile, sessions, time, spanMs, isl, osl, reusable }: TraceSummary,
): TraceFacts {
  const { unit, guessed } = time
  return { file, requests: count, inFile, sessions, unit, guessed, spanS: spanMs / 1000, isl, osl, reusable }
}

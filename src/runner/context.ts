import { followed, type JournalEvent } from '../journal/index.ts'
import { deploymentLabel } from '../model/index.ts'
import { checkingS } from '../plan/estimate.ts'
import type { Choice } from '../search/choice.ts'
import type { Plan, PlannedDeployment } from '../spec/sweep.ts'
import { choiceAmongTheRest } from './deferred.ts'
import type { RunDependencies } from './dependencies.ts'
import type { RunStep, Standing } from './progress.ts'
import { type PlannedChecks, timeLeft } from './time-left.ts'

/** A running sweep: its plan and dependencies, and its few changing values. */
export interface RunContext {
  readonly plan: Plan
  /** Chooses what to measure next. */
  readonly choice: Choice
  readonly dependencies: RunDependencies
  readonly signal: AbortSignal
  /** Monotonic milliseconds. */
  readonly clockMs: () => number
  /** Seconds since this attempt began. */
  elapsedS(): number
  /** Points measured in this attempt. */
  measured(): number
  /** Appends to the journal. Resolves when the line is on disk. */
  record(event: JournalEvent): Promise<void>
  /** Sets the deployment of the progress messages that follow. */
  enter(planned: PlannedDeployment): void
  tell(step: RunStep): void
}

/**
 * The quality checks of a plan, which take this many seconds in total. The duration of lm-eval is unknown before its
 * first check.
 */
function plannedChecks({ sweep: { quality }, deployments }: Plan, seconds: number): PlannedChecks | null {
  if (quality === undefined) return null
  const first = deployments.flatMap(({ points }) => points.filter(({ repeat }) => repeat === 1))
  const count = quality.at === 'point' ? first.length : deployments.length
  return { at: quality.at, fallbackSeconds: seconds / Math.max(1, count) }
}

/** Creates the context of an attempt at a plan. Progress counts the points of this plan. */
export function runContext(plan: Plan, dependencies: RunDependencies): RunContext {
  const clockMs = dependencies.clockMs ?? (() => performance.now())
  const { journal } = dependencies.run
  const choice = choiceAmongTheRest(plan)
  const startedMs = clockMs()
  const checking = checkingS(plan.sweep, plan.deployments)
  const fallback = plan.estimate === null ? null : (plan.estimate.seconds - checking) / Math.max(1, plan.pointCount)
  const left = timeLeft(plan.deployments, fallback, plannedChecks(plan, checking))
  const planned = new Set(plan.deployments.flatMap(({ points }) => points.map(point => point.id)))
  const doneIn = followed<Set<string>>(
    () => new Set(),
    (done, { event }) => {
      if (event.type === 'point' && planned.has(event.result.point.id)) done.add(event.result.point.id)
    },
  )
  let measured = 0
  let deployment: Standing['deployment'] = null
  let counted = { lines: -1, done: 0, secondsLeft: null as number | null, atS: 0 }

  const elapsedS = () => (clockMs() - startedMs) / 1000
  /**
   * Counting is expensive for a large plan, so it is done once per journal line. Between lines only the time advances.
   */
  const standing = (): Standing => {
    const now = elapsedS()
    if (counted.lines !== journal.lines.length) {
      counted = {
        lines: journal.lines.length,
        done: doneIn(journal.lines).size,
        secondsLeft: choice.isUpperBound ? null : left(journal.lines),
        atS: now,
      }
    }
    return {
      deployment,
      points: { done: counted.done, count: planned.size, isUpperBound: choice.isUpperBound },
      elapsedS: now,
      secondsLeft: counted.secondsLeft === null ? null : Math.max(0, counted.secondsLeft - (now - counted.atS)),
    }
  }

  return {
    plan,
    choice,
    dependencies,
    signal: dependencies.signal,
    clockMs,
    elapsedS,
    measured: () => measured,
    async record(event) {
      await journal.append(event)
      if (event.type === 'point' && event.result.measurement !== null) measured++
    },
    enter(next) {
      const { id } = next.deployment
      const position = plan.deployments.indexOf(next) + 1
      deployment = { id, label: deploymentLabel(next.deployment), position, count: plan.deployments.length }
    },
    tell(step) {
      dependencies.onProgress?.({ ...standing(), ...step })
    },
  }
}

import { grouped, type Load, meanTokens, mostWarmup, type Point, windowOf, workersOf } from '../model/index.ts'
import type { Plan, PlannedDeployment, ReconcileCost, Sweep } from '../spec/sweep.ts'

/** Order of magnitude for a large model on current hardware, used without past runs. */
const guess = { itlMs: 15, prefillTokensPerS: 20_000 }

/** Expected seconds of a plan, from the times of past points if known and otherwise from simple arithmetic. */
export function estimate(
  sweep: Sweep,
  deployments: readonly PlannedDeployment[],
  cost: ReconcileCost,
  pastSecondsPerPoint: number | undefined,
): Plan['estimate'] {
  const points = deployments.flatMap(planned => planned.points)
  const deploying = cost.workersStarted * startupSOf(sweep) + (cost.frontendsRestarted ?? 0) * frontendStartS
  const checking = checkingS(sweep, deployments)
  if (pastSecondsPerPoint !== undefined) {
    const seconds = points.length * pastSecondsPerPoint + deploying + checking
    return { seconds, basis: `past runs, ${pastSecondsPerPoint.toFixed(1)} s per point` }
  }
  const loading = points.reduce((sum, point) => sum + guessedS(point), 0)
  const atLeast = points.reduce((sum, point) => sum + guessedS({ ...point, load: shortest(point.load) }), 0)
  const range = atLeast < loading ? { secondsAtLeast: atLeast + deploying + checking } : {}
  const assumed = `${guess.itlMs} ms per token and ${grouped(String(guess.prefillTokensPerS))} prompt tokens/s per worker`
  return {
    seconds: loading + deploying + checking,
    ...range,
    basis: `a guess that assumes ${assumed}; this sweep has no earlier runs`,
  }
}

/**
 * Seconds that quality checks take if answers use half of their maximum tokens. 0 for lm-eval, whose time is unknown.
 */
export function checkingS({ quality }: Pick<Sweep, 'quality'>, deployments: readonly PlannedDeployment[]): number {
  const set = quality?.questions
  if (set === undefined || set === null) return 0
  const answerS = (set.maxTokens * guess.itlMs) / 2000
  const checkS = ({ load }: Point) => {
    const inFlight = load.level.kind === 'concurrency' ? load.level.concurrency : 1
    return Math.ceil(set.questions.length / inFlight) * answerS
  }
  return deployments.reduce((sum, { points }) => {
    const first = points.filter(({ repeat }) => repeat === 1).map(checkS)
    if (quality?.at === 'point') return sum + first.reduce((all, one) => all + one, 0)
    return sum + first.reduce((least, one) => Math.min(least, one), first[0] ?? 0)
  }, 0)
}

/** Seconds from starting a frontend to its first answer, as measured with Dynamo 1.4.2. */
const frontendStartS = 4

/** Seconds from starting a worker to its first answer; the mean over variants. */
export function startupSOf({ deploy, variants = [] }: Pick<Sweep, 'deploy' | 'variants'>): number {
  if (variants.length === 0) return deploy.startupS
  return variants.reduce((sum, variant) => sum + variant.deploy.startupS, 0) / variants.length
}

/** The load of a point that stops as early as possible. */
function shortest(load: Load): Load {
  const { autoWarmup: _, ...least } = load
  return load.auto === undefined ? least : { ...least, requests: load.auto.min }
}

function guessedS({ load, deployment, workload }: Point): number {
  const requestS = meanTokens(workload.isl) / guess.prefillTokensPerS + (meanTokens(workload.osl) * guess.itlMs) / 1000
  const readers = workersOf(deployment.topology, 'prefill') + workersOf(deployment.topology, 'aggregated')
  const prefillS = meanTokens(workload.isl) / guess.prefillTokensPerS / Math.max(readers, 1)
  const holdS = windowOf(load) === 'steady' ? requestS : 0
  const warmup = mostWarmup(load)
  const warmupS = warmup === 0 ? 0 : manyS(load, warmup, requestS, prefillS)
  if (load.durationS !== undefined) return warmupS + holdS + load.durationS + Math.min(load.graceS, requestS)
  return warmupS + holdS + manyS(load, load.requests ?? load.dataset, requestS, prefillS)
}

/**
 * Seconds for a number of requests: one after another in each slot, or as fast as prompts can be prefilled, whichever
 * is slower.
 */
function manyS(load: Load, requests: number, requestS: number, prefillS: number): number {
  if (load.level.kind === 'rate') return requests / load.level.requestsPerS + requestS
  const concurrency = load.level.kind === 'concurrency' ? load.level.concurrency : requests
  return Math.max(Math.ceil(requests / concurrency) * requestS, requests * prefillS)
}

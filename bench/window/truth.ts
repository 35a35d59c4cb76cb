import { createRandom, rolesOf, workersOf } from '../../src/model/index.ts'
import { createEngine } from '../../src/simulator/engine.ts'
import { createLoadLoop } from '../../src/simulator/load-loop.ts'
import type { Profile } from '../../src/simulator/profile.ts'
import type { Recorder } from '../../src/simulator/recorder.ts'
import type { ClientTimes } from '../../src/simulator/request.ts'
import { drawnRequests } from '../../src/simulator/request-source.ts'
import type { Cell } from './matrix.ts'
import { pointOf } from './matrix.ts'

/** Figures of a cell: ms, and tokens/s of the whole deployment. */
export interface Figures {
  readonly ttftP95Ms: number
  readonly itlP95Ms: number
  readonly tokensPerS: number
}

/** Rounds (requests for each in flight) of a long run, and those dropped from its start. */
const rounds = 100
const droppedRounds = 20
const fewestRequests = 2000

/**
 * A run of a closed loop that is not cut into windows.
 *
 * @param prompts number of requests after which lengths repeat; without it, each is drawn by itself
 * @returns times of all answers, in the order in which their requests were due
 */
export function longRun(
  cell: Cell,
  profile: Profile,
  seed: number,
  requests: number,
  prompts?: number,
): readonly ClientTimes[] {
  const { deployment, workload } = pointOf(cell)
  const engine = createEngine({ profile, random: createRandom(seed).fork('frontend') })
  for (const role of rolesOf(deployment.topology))
    for (let worker = 0; worker < workersOf(deployment.topology, role); worker++) engine.addWorker(role, {}, 0)
  const answers: ClientTimes[] = []
  const ignore = () => {}
  const recorder: Recorder = {
    ...{ gap: ignore, begin: ignore, sent: ignore, lost: ignore },
    answered: answer => void answers.push(answer),
    summary: () => {
      throw new Error('the bench sums up by itself')
    },
  }
  const context = { engine, firstChunkMs: profile.frontend.firstChunkMs ?? 0, recorder }
  const spread = prompts === undefined ? undefined : { prompts, repeats: false }
  const source = drawnRequests(workload, createRandom(seed), spread)
  const never = Number.POSITIVE_INFINITY
  createLoadLoop(context, source, { count: cell.concurrency, used: 0 }).closed(
    { concurrency: cell.concurrency, startMs: 0, phaseOf: number => (number < requests ? 'measured' : null) },
    { stopMs: never, giveUpMs: never, timeoutMs: never },
  )
  return answers.sort((a, b) => a.dueMs - b.dueMs)
}

/**
 * What a cell does in steady state, by arithmetic of its own: a run of 100 requests for each in flight, the first fifth
 * dropped, percentiles of the rest, and tokens counted where they arrived between the first and the last send of it.
 */
export function truthOf(cell: Cell, profile: Profile, seed: number): Figures {
  const requests = Math.max(rounds * cell.concurrency, fewestRequests)
  const answers = longRun(cell, profile, seed, requests)
  const dropped = requests * (droppedRounds / rounds)
  const kept = answers.slice(dropped)
  const fromMs = kept[0]?.dueMs ?? 0
  const toMs = kept.at(-1)?.dueMs ?? 0
  const tokens = answers.reduce((sum, { request, firstMs, lastMs }) => {
    // The first token at once, the others evenly until the last.
    const first = firstMs > fromMs && firstMs <= toMs ? 1 : 0
    const insideMs = Math.max(0, Math.min(lastMs, toMs) - Math.max(firstMs, fromMs))
    const others = lastMs > firstMs ? ((request.outputTokens - 1) * insideMs) / (lastMs - firstMs) : 0
    return sum + first + others
  }, 0)
  return {
    ttftP95Ms: p95(kept.map(({ firstMs, dueMs }) => firstMs - dueMs)),
    itlP95Ms: p95(
      kept.flatMap(({ firstMs, lastMs, request }) =>
        request.outputTokens > 1 ? [(lastMs - firstMs) / (request.outputTokens - 1)] : [],
      ),
    ),
    tokensPerS: (tokens * 1000) / (toMs - fromMs),
  }
}

/** Linear between ranks. */
export function p95(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  const at = 0.95 * (sorted.length - 1)
  const low = sorted[Math.floor(at)] ?? Number.NaN
  return low + ((sorted[Math.ceil(at)] ?? low) - low) * (at % 1)
}

/** The value at a share of the sorted values, without interpolation. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

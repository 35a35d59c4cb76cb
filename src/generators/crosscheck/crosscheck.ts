import { join } from 'node:path'
import type { Measurement } from '../../metrics/measurement.ts'
import { type Endpoint, FulcrumError, type Point } from '../../model/index.ts'
import type { LoadGenerator, LoadProgress } from '../generator.ts'
import { type Comparison, compareGenerators, type Reading, readingsOf, type Truth, type Turn } from './compare.ts'
import { planTurns } from './turns.ts'
import { type Untested, untestedIn } from './untested.ts'

/** A generator that takes part. */
export interface Contestant {
  readonly name: string
  readonly generator: LoadGenerator
}

/** A server that keeps a record of its own, such as a mock. */
export interface Witness {
  /** Forget what was. */
  reset(): Promise<void>
  /** What happened since. */
  truth(): Promise<Truth>
}

export interface CrosscheckOptions {
  readonly point: Point
  readonly endpoint: Endpoint
  readonly generators: readonly Contestant[]
  /** Even numbers treat all alike; at least 2 for intervals. */
  readonly rounds: number
  readonly signal: AbortSignal
  /** Where turns put their files. */
  readonly folder: string
  readonly witness?: Witness
  readonly onTurn?: (turn: TurnProgress) => void
}

/** How far a cross-check is. */
export interface TurnProgress {
  readonly turn: number
  readonly turns: number
  readonly round: number
  readonly generator: string
  readonly progress: LoadProgress | null
}

/**
 * What generators say of one endpoint under one workload. No differences means that none is shown, not that there is
 * none.
 */
export interface Crosscheck extends Comparison {
  readonly point: Point
  readonly url: string
  readonly rounds: number
  readonly generators: readonly string[]
  readonly turns: readonly Turn[]
  readonly readings: readonly Reading[]
  /** Generators that were asked for and are not among what was compared, or not in every round; empty when all are. */
  readonly notTested: readonly Untested[]
}

/**
 * Generators are compared over the same number of requests: the fewest that a point which stops by itself would have.
 */
function withFixedRequests(point: Point): Point {
  const { auto, ...load } = point.load
  return auto === undefined ? point : { ...point, load: { ...load, requests: auto.min } }
}

/**
 * Measures one point with every generator in turns, and tells who differs from whom. A generator that fails is noted
 * with its reason, and the others go on. Each turn has its own prompts: the server's prefix cache helps nobody.
 *
 * @throws the signal's reason; FulcrumError bad-input `crosscheck-needs-two` with fewer than two generators
 */
export async function crosscheck(asked: CrosscheckOptions): Promise<Crosscheck> {
  const options = { ...asked, point: withFixedRequests(asked.point) }
  const { point, generators, rounds } = options
  const names = generators.map(({ name }) => name)
  if (generators.length < 2 || rounds < 1) {
    throw new FulcrumError('bad-input', 'crosscheck-needs-two', 'A cross-check needs two generators and a round', {
      remedy: 'Name at least two generators.',
    })
  }
  const plan = planTurns(names, rounds)
  const turns: Turn[] = []
  for (const [index, { round, generator }] of plan.entries()) {
    const contestant = generators.find(({ name }) => name === generator)
    if (contestant === undefined) continue
    const told = { turn: index + 1, turns: plan.length, round, generator: contestant.name }
    options.onTurn?.({ ...told, progress: null })
    turns.push(await takeTurn(options, contestant, round, progress => options.onTurn?.({ ...told, progress })))
  }
  const compared = compareGenerators(turns, names)
  return {
    point,
    url: options.endpoint.url,
    rounds,
    generators: names,
    turns,
    readings: readingsOf(turns, names),
    notTested: untestedIn(turns, names, compared.comparisons),
    ...compared,
  }
}

async function takeTurn(
  { point, endpoint, signal, folder, witness }: CrosscheckOptions,
  { name, generator }: Contestant,
  round: number,
  onProgress: (progress: LoadProgress) => void,
): Promise<Turn> {
  const own: Point = {
    ...point,
    id: `${point.id}-${name}-${round}`,
    generator: name,
    load: { ...point.load, seed: point.load.seed + round },
  }
  await witness?.reset()
  const turn = { round, generator: name }
  let measurement: Measurement
  try {
    measurement = await generator.measure(own, endpoint, { signal, folder: join(folder, own.id), onProgress })
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof FulcrumError)) throw error
    return { ...turn, measurement: null, failure: error.message, truth: null }
  }
  return { ...turn, measurement, failure: '', truth: (await witness?.truth()) ?? null }
}

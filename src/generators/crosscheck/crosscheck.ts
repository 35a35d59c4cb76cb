import { join } from 'node:path'
import type { Measurement } from '../../metrics/measurement.ts'
import { type Endpoint, FulcrumError, type Point } from '../../model/index.ts'
import type { LoadGenerator, LoadProgress } from '../generator.ts'
import { type Comparison, compareGenerators, type Reading, readingsOf, type Truth, type Turn } from './compare.ts'
import { planTurns } from './turns.ts'
import { type Untested, untestedIn } from './untested.ts'

/** A compared generator. */
export interface Contestant {
  readonly name: string
  readonly generator: LoadGenerator
}

/** A server that keeps its own record, such as a mock. */
export interface Witness {
  /** Clears the record. */
  reset(): Promise<void>
  /** The record since then. */
  truth(): Promise<Truth>
}

/** A point, the generators that measure it in turn, and how often. */
export interface CrosscheckOptions {
  readonly point: Point
  readonly endpoint: Endpoint
  readonly generators: readonly Contestant[]
  /** An even number treats all generators alike; intervals need at least 2. */
  readonly rounds: number
  readonly signal: AbortSignal
  /** Folder for the files of turns. */
  readonly folder: string
  readonly witness?: Witness
  readonly onTurn?: (turn: TurnProgress) => void
}

/** Progress of a cross-check. */
export interface TurnProgress {
  readonly turn: number
  readonly turns: number
  readonly round: number
  readonly generator: string
  readonly progress: LoadProgress | null
}

/**
 * Result of a cross-check for one endpoint and workload. An empty list of differences means that none is shown, not
 * that there is none.
 */
export interface Crosscheck extends Comparison {
  readonly point: Point
  readonly url: string
  readonly rounds: number
  readonly generators: readonly string[]
  readonly turns: readonly Turn[]
  readonly readings: readonly Reading[]
  /** Requested generators that were not compared, or not in every round. */
  readonly notTested: readonly Untested[]
}

/** Generators are compared over the same number of requests: the minima of `requests: auto` and `warmup: auto`. */
function withFixedRequests(point: Point): Point {
  const { auto, autoWarmup: _, ...load } = point.load
  return { ...point, load: auto === undefined ? load : { ...load, requests: auto.min } }
}

/**
 * Measures one point with every generator in turns, and reports differences between them. A failure of a generator is
 * recorded with its reason, and the others continue. Each turn has its own prompts, so that the server's prefix cache
 * has no effect.
 * @throws the signal's reason; FulcrumError bad-input `crosscheck-needs-two` with fewer than two generators
 */
export async function crosscheck(asked: CrosscheckOptions): Promise<Crosscheck> {
  const options = { ...asked, point: withFixedRequests(asked.point) }
  const { point, generators, rounds } = options
  const names = generators.map(({ name }) => name)
  if (generators.length < 2 || rounds < 1) {
    throw new FulcrumError(
      'bad-input',
      'crosscheck-needs-two',
      'A cross-check needs at least two generators and one round.',
      {
        remedy: 'Name at least two generators.',
      },
    )
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

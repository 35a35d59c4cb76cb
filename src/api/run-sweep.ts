import type { ReportedOutcome } from '../commands/execute.ts'
import { defined } from '../model/index.ts'
import type { RunStep, Standing } from '../runner/progress.ts'
import type { SweepInput } from './define-sweep.ts'
import { eventQueue } from './event-queue.ts'
import { type SweepOptions, sweepOf } from './sweep-of.ts'

/** A step under the name of an event. */
type StepEvent<S> = S extends { readonly step: infer Name }
  ? Standing & Omit<S, 'step'> & { readonly type: Name }
  : never

/**
 * Event of a run, by `type`:
 * - `started`: the run's folder exists; nothing is deployed yet
 * - `note`: a message, such as a warning about the sweep
 * - `deploying`, `deployed`, `deployment-failed`: a deployment changes; times in seconds
 * - `measuring`: progress of a point, a few times per second
 * - `measured`: a point has its result, which is in the journal
 * - `stopping`: everything that was started is being stopped
 * - `ended`: the last event, with how the run ended and its report
 *
 * @example
 * ```ts
 * import type { RunEvent } from 'fulcrum'
 *
 * export function line(event: RunEvent): string | null {
 *   if (event.type === 'measured') return `${event.points.done}/${event.points.count} ${event.result.status}`
 *   return event.type === 'ended' ? event.outcome.outcome : null
 * }
 * ```
 */
export type RunEvent =
  | {
      readonly type: 'started'
      readonly folder: string
      /** Whether the run continues an unfinished run of the same sweep. */
      readonly resumed: boolean
      readonly points: { readonly count: number }
      readonly deployments: { readonly count: number }
    }
  | { readonly type: 'note'; readonly message: string }
  | StepEvent<RunStep>
  | { readonly type: 'ended'; readonly outcome: ReportedOutcome }

/**
 * Options of {@link runSweep}; all have defaults.
 *
 * @example
 * ```ts
 * import type { RunOptions } from 'fulcrum'
 *
 * const nightly: RunOptions = { out: '/data/results', startNew: true, failOn: ['slo', 'itl_p95>50ms'] }
 * console.log(nightly)
 * ```
 */
export interface RunOptions extends SweepOptions {
  /** Folder for runs; default: `results`. */
  readonly out?: string
  /** Starts a new run even if an unfinished run of the same sweep could be resumed. */
  readonly startNew?: boolean
  /** Ids of the points to measure, in a separate run. */
  readonly only?: readonly string[]
  /** Number of processes over which each point's load is split, instead of the sweep's `generator.shards`. */
  readonly shards?: number
  /** Folders of earlier runs or of aiconfigurator whose results an adaptive search starts from. */
  readonly priors?: readonly string[]
  /** Limits that determine the exit code of the outcome, such as `slo` or `ttft_p95>2000ms`. */
  readonly failOn?: readonly string[]
  /** Number of points without a valid result that a limit accepts; default: 0. */
  readonly allowLost?: number
  /**
   * Stops the run: drops the point in flight, stops everything that was started, and ends with an event whose outcome
   * is `interrupted`.
   */
  readonly signal?: AbortSignal
}

/**
 * Runs a sweep and yields events: deploys, measures the points that the run's journal lacks, and writes the report.
 * Resumes an interrupted run, like `fulcrum run`.
 *
 * Starts nothing before the first event is requested. The run never waits for the loop: a slow loop gets all results
 * and the latest progress. Code that keeps this thread busy competes with the measurement like any other load on the
 * machine; the affected points then have findings. Leaving the loop, by `break` or by an error, stops everything that
 * was started before the loop's next statement runs. The run can then be resumed.
 *
 * @param sweep the path of a sweep file (YAML or a module), or a sweep made with `defineSweep`
 * @throws FulcrumError `bad-input` that lists every problem of the sweep, before anything is started; `environment` if
 *   the run's folder cannot be used. Later failures are not thrown: see `outcome.error` of the last event
 *
 * @example
 * ```ts
 * import { defineSweep, runSweep } from 'fulcrum'
 *
 * const sweep = defineSweep({
 *   name: 'first-look',
 *   model: 'nvidia/DeepSeek-R1-FP4',
 *   deploy: { with: 'simulated', profile: 'deepseek-r1-fp4-gb200' },
 *   topologies: [{ aggregated: 1 }],
 *   workloads: ['100/4'],
 *   load: { concurrency: [1], requests: '2x', warmup: '1x' },
 * })
 * const interrupted = new AbortController()
 * process.once('SIGINT', () => interrupted.abort())
 *
 * for await (const event of runSweep(sweep, { out: 'results', signal: interrupted.signal })) {
 *   if (event.type === 'deployed') console.log(`${event.deployment?.label} answers after ${event.tookS} s`)
 *   if (event.type === 'measured') console.log(event.result.point.id, event.result.status, event.result.reason)
 *   if (event.type === 'ended') console.log(event.outcome.outcome, event.outcome.report?.index)
 * }
 * ```
 */
export async function* runSweep(
  sweep: SweepInput | string,
  options: RunOptions = {},
): AsyncGenerator<RunEvent, void, undefined> {
  options.signal?.throwIfAborted()
  const left = new AbortController()
  const signal = options.signal === undefined ? left.signal : AbortSignal.any([options.signal, left.signal])
  const queue = eventQueue<RunEvent>(isStale)
  const work = running(sweep, options, signal, queue.push).then(
    outcome => {
      queue.push({ type: 'ended', outcome })
      queue.end()
    },
    (error: unknown) => queue.fail(error),
  )
  try {
    for (let event = await queue.next(); event !== null; event = await queue.next()) yield event
  } finally {
    left.abort(new DOMException('The loop over the events of the run was left', 'AbortError'))
    await work
  }
}

async function running(
  sweep: SweepInput | string,
  options: RunOptions,
  signal: AbortSignal,
  push: (event: RunEvent) => void,
): Promise<ReportedOutcome> {
  const { out = 'results', startNew = false, only, shards, priors, failOn, allowLost, allowPoints } = options
  const checked = await sweepOf(sweep, options)
  const { commandOf, runLoadedSweep } = await import('../commands/run.ts')
  signal.throwIfAborted()
  const command = typeof sweep === 'string' ? commandOf(checked, options) : programCommand()
  return await runLoadedSweep(
    checked,
    {
      resultsRoot: out,
      startNew,
      signal,
      ...defined({ only, shards, priors, failOn, allowLost, allowPoints }),
      onStart: ({ folder, resumed, plan }) =>
        push({
          type: 'started',
          folder,
          resumed,
          points: { count: plan.pointCount },
          deployments: { count: plan.deployments.length },
        }),
      onNote: message => push({ type: 'note', message }),
      onProgress: progress => push(eventOf(progress)),
    },
    command,
  )
}

function eventOf({ step, ...rest }: Standing & RunStep): RunEvent {
  return { ...rest, type: step } as RunEvent
}

/** A run by a program is repeated by running the program. */
function programCommand(): readonly string[] {
  const [, ...rest] = process.argv
  return ['node', ...rest]
}

/** Progress is replaced by newer progress of the same subject; other events stay. */
function isStale(waiting: RunEvent, newer: RunEvent): boolean {
  if (waiting.type === 'measuring') return newer.type === 'measuring' && newer.point.id === waiting.point.id
  if (waiting.type !== 'deploying' || newer.type !== 'deploying') return false
  const isNews = waiting.event !== null && waiting.event.kind !== 'waiting'
  return !isNews && waiting.deployment?.id === newer.deployment?.id
}

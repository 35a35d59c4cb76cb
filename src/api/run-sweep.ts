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
 * What a run tells, by `type`:
 * - `started`: the run's folder is there, nothing is deployed yet
 * - `note`: something to know, such as a warning of the sweep
 * - `deploying`, `deployed`, `deployment-failed`: a deployment changes; times in seconds
 * - `measuring`: progress of a point, a few times a second
 * - `measured`: a point has its result, which is in the journal
 * - `stopping`: what was started is being stopped
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
      /** Whether an unfinished run of this very sweep goes on. */
      readonly resumed: boolean
      readonly points: { readonly count: number }
      readonly deployments: { readonly count: number }
    }
  | { readonly type: 'note'; readonly message: string }
  | StepEvent<RunStep>
  | { readonly type: 'ended'; readonly outcome: ReportedOutcome }

/**
 * How {@link runSweep} runs a sweep; everything has a default.
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
  /** Folder that runs are kept in; `results` unless given. */
  readonly out?: string
  /** Begins a run even where an unfinished one of this very sweep could go on. */
  readonly startNew?: boolean
  /** Ids of the points to measure, in a run of their own. */
  readonly only?: readonly string[]
  /** Processes that each point's load is split over, in place of the sweep's `generator.shards`. */
  readonly shards?: number
  /** Folders of earlier runs, or of aiconfigurator, that an adaptive search begins with. */
  readonly priors?: readonly string[]
  /** Limits that decide the outcome's exit code, such as `slo` or `ttft_p95>2000ms`. */
  readonly failOn?: readonly string[]
  /** Points without a valid result that a limit accepts; 0 unless given. */
  readonly allowLost?: number
  /**
   * Stops the run: the point in flight is dropped, what was started is stopped, and the last event says `interrupted`.
   */
  readonly signal?: AbortSignal
}

/**
 * Runs a sweep and tells what happens: deploys, measures what the run's journal lacks, writes the report. A run that
 * was interrupted goes on where it ended, as with `fulcrum run`.
 *
 * Nothing is started before the first event is asked for. The run never waits for the loop: a slow loop gets all
 * results and the latest progress. Code that keeps this thread busy competes with the measurement like any other load
 * on the machine; points then say so. Leaving the loop, by `break` or by an error, stops all that was started before
 * the loop's next statement runs; the run can be resumed.
 *
 * @param sweep the path of a sweep file (YAML or a module), or a sweep made with `defineSweep`
 * @throws FulcrumError `bad-input` that lists every problem of the sweep, before anything is started; `environment`
 *   when the run's folder can't be used. What ends a run later is no error: see `outcome.error` of the last event
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

/** What a program's run is repeated by: the program. */
function programCommand(): readonly string[] {
  const [, ...rest] = process.argv
  return ['node', ...rest]
}

/** Progress that newer progress of the same thing replaces; what happened stays. */
function isStale(waiting: RunEvent, newer: RunEvent): boolean {
  if (waiting.type === 'measuring') return newer.type === 'measuring' && newer.point.id === waiting.point.id
  if (waiting.type !== 'deploying' || newer.type !== 'deploying') return false
  const isNews = waiting.event !== null && waiting.event.kind !== 'waiting'
  return !isNews && waiting.deployment?.id === newer.deployment?.id
}

import { hostname } from 'node:os'
import type { Measurement } from '../../metrics/measurement.ts'
import { stopRuleOf } from '../../metrics/stopping/stop.ts'
import type { Endpoint, Point } from '../../model/index.ts'
import { FulcrumError, isLoopbackHost, largest } from '../../model/index.ts'
import type { BuiltInOptions } from '../built-in/built-in.ts'
import { conclude } from '../built-in/conclude.ts'
import { monotonicMs } from '../built-in/control.ts'
import { prepareLoad, refuseWhatCannotBe, timingOf } from '../built-in/prepare.ts'
import { generatorVersion } from '../built-in/result.ts'
import type { LoadGenerator, MeasureContext } from '../generator.ts'
import type { PromptBook } from '../prompt-book.ts'
import { createPromptBook } from '../prompt-book.ts'
import { coordinate } from './coordinate.ts'
import { shardHealth, shardRemarks, worstHealth } from './health.ts'
import type { ShardSettings } from './launch.ts'
import { processLauncher, type ShardLauncher } from './launcher.ts'
import type { ShardLink } from './link.ts'
import { lossError, openLink } from './link.ts'
import { busyShards, splitLoad } from './split.ts'
import { tableOf, watchShards, withSessionsOf } from './watch-shards.ts'
import { protocol } from './wire.ts'

/** Options of the built-in generator over several shards. */
export interface ShardedOptions extends BuiltInOptions {
  readonly shards: ShardSettings
  readonly runFolder: string
  /** Where shards run; default: processes on the hosts of `shards`. */
  readonly launcher?: ShardLauncher
  /** A shard that is silent for this long counts as lost. */
  readonly silentMs?: number
}

const defaultSilentMs = 15_000
/** Time for login, starting Node and loading modules, on a busy host with a slow file system. */
const helloLimitMs = 60_000

/**
 * The built-in generator split over processes, on this machine or others. Each request, slot and due time belongs to
 * one shard. Results are combined request by request, so nothing is averaged over shards. Shards are reused from point
 * to point.
 */
export function sharded(options: ShardedOptions): LoadGenerator {
  const launcher = options.launcher ?? processLauncher(options.shards, options.runFolder)
  const links: (ShardLink | undefined)[] = []
  const book = createPromptBook()
  /** Host names that shards reported in their hello. */
  const greeted = new Map<number, string>()

  /** The first shards, started if they are not running. */
  async function ready(count: number, endpoint: Endpoint, signal: AbortSignal): Promise<ShardLink[]> {
    const opened = Array.from({ length: launcher.together ? options.shards.count : count }, (_, shard) => shard)
    // Waits for all of them before reporting one that cannot be started, so that none starts after everything was
    // closed.
    await allSettled(
      opened.map(async shard => {
        const known = links[shard]
        if (known !== undefined && known.lost() === null) return
        await known?.close()
        links[shard] = await openLink({ launcher, shard, signal, silentMs: options.silentMs ?? defaultSilentMs })
        greeted.delete(shard)
      }),
    )
    return Promise.all(
      opened.slice(0, count).map(async shard => {
        const link = links[shard]
        if (link === undefined) throw new Error('every wanted shard was opened')
        const hostOfShard = greeted.get(shard) ?? (await greet(link, signal))
        greeted.set(shard, hostOfShard)
        refuseLoopback(endpoint, link.host, hostOfShard)
        return link
      }),
    )
  }

  async function closeAll(): Promise<void> {
    await Promise.all(links.splice(0).map(link => link?.close()))
  }

  return {
    measure: async (point, endpoint, context) => {
      try {
        return await measure(ready, options, book, point, launcher.seenFrom(endpoint), context)
      } catch (error) {
        // Shards may be anywhere in their part, and no part is needed any more.
        await closeAll()
        throw error
      }
    },
    close: async () => {
      await closeAll()
      await launcher.close()
    },
  }
}

async function measure(
  ready: (count: number, endpoint: Endpoint, signal: AbortSignal) => Promise<ShardLink[]>,
  options: ShardedOptions,
  book: PromptBook,
  point: Point,
  endpoint: Endpoint,
  context: MeasureContext,
): Promise<Measurement> {
  const beganMs = monotonicMs()
  const env = options.env ?? process.env
  const { signal } = context
  context.onProgress({ phase: 'preparing', done: 0, total: null })
  refuseWhatCannotBe(point)
  const timing = await timingOf(point, book, signal)
  const count = busyShards(timing.schedule, options.shards.count)
  const [load, links] = await allSettled([
    prepareLoad(point, endpoint, timing, { cacheFolder: options.cacheFolder, env, book }, signal),
    ready(count, endpoint, signal),
  ])
  const parts = splitLoad(load, count)
  const rule = stopRuleOf(point.load, point.slo, context.isBeaten, load.requests.turns)
  const watch = rule === null ? null : watchShards(rule, parts)
  const preparedMs = monotonicMs()
  const startedAt = new Date()
  let warmupMs = Number.NaN
  let measuredMs = Number.NaN
  let releasedMs = Number.NaN
  const reports = await coordinate(
    links.flatMap((link, index) => {
      const part = parts[index]
      return part === undefined ? [] : [{ link, part }]
    }),
    {
      endpoint,
      load: point.load,
      ca: options.ca ?? null,
      threads: options.threads ?? null,
      signal,
      onProgress: context.onProgress,
      watch,
      tableOf: part => (rule === null ? null : tableOf(part, rule)),
      onWarmup: atMs => {
        warmupMs = atMs
      },
      onStart: atMs => {
        measuredMs = atMs
      },
      onRelease: atMs => {
        releasedMs = atMs
      },
    },
  )
  context.onProgress({ phase: 'summarising', done: 0, total: null })
  const outcomes = reports.flatMap(({ outcome }) => (outcome === null ? [] : [outcome]))
  if (outcomes.length === 0) throw lossError(reports.map(({ link }) => link.lost()).join('; '))
  const clockJumpMs = outcomes.reduce(
    (worst, one) => (Math.abs(one.clockJumpMs) > Math.abs(worst) ? one.clockJumpMs : worst),
    0,
  )
  const lookupMs = largest(outcomes.map(one => one.lookupMs))
  const times = { beganMs, preparedMs, warmupMs, measuredMs, releasedMs }
  const facts = {
    ...{ point, requests: load.requests, startedAt, times, clockJumpMs, lookupMs, shards: count, env },
    ...(rule === null || watch === null ? {} : { stop: { rule, requests: watch.requests } }),
  }
  const measurement = await conclude(
    outcomes.flatMap((outcome, shard) =>
      outcome.results.map(result => ({ ...result, records: withSessionsOf(result.records, shard) })),
    ),
    facts,
    context,
  )
  const shards = reports.map(shardHealth)
  // If measurements end the load, the number of requests per shard is not known in advance.
  const remarks = shardRemarks(reports, watch === null ? parts : [], { shards }, point.limits)
  return {
    ...measurement,
    client: worstHealth(measurement.client, shards),
    remarks: [...(measurement.remarks ?? []), ...remarks],
  }
}

/** Waits for a shard's hello; resolves with its host name. */
async function greet(link: ShardLink, signal: AbortSignal): Promise<string> {
  const hello = await link.receive('hello', helloLimitMs, signal)
  if (hello.protocol === protocol && hello.version === generatorVersion) return hello.hostname
  throw lossError(
    `shard ${link.shard} on ${link.host} is of another Fulcrum (its generator is ${hello.version}, ours ${generatorVersion}): install the same one there`,
  )
}

/** Like Promise.all, but throws a failure only when all have ended. */
async function allSettled<T extends readonly unknown[]>(work: T): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work)
  return Promise.all(work) as Promise<{ [K in keyof T]: Awaited<T[K]> }>
}

/** A loopback endpoint of this machine is a different one, or none, on another host. */
function refuseLoopback(endpoint: Endpoint, host: string, shardHostname: string): void {
  const { hostname: target } = new URL(endpoint.url)
  if (shardHostname === hostname() || !isLoopbackHost(target)) return
  throw new FulcrumError(
    'environment',
    'endpoint-out-of-reach',
    `The shard on ${host} cannot reach ${endpoint.url}: that address refers to the host itself`,
    { remedy: 'attach to the endpoint by an address that the load hosts reach, or run the shards on this machine' },
  )
}

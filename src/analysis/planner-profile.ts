import type { PointResult } from '../journal/event.ts'
import type { Run } from '../journal/run.ts'
import { contentId, type Deployment, FulcrumError, workersOf } from '../model/index.ts'

/** How fast one prefill worker reads a prompt that is alone: an array for each figure, a place for each measurement. */
export interface PrefillProfile {
  /** Tokens. */
  readonly isl: readonly number[]
  readonly ttftMs: readonly number[]
  /** Prompt tokens/s/GPU of the worker. */
  readonly throughputPerGpu: readonly number[]
}

/** How fast one decode worker makes tokens, by its batch and the length of its contexts. */
export interface DecodeProfile {
  /** KV tokens of the batch as a share of {@link maxKvTokens}. */
  readonly kvUsage: readonly number[]
  /** Mean context of a request in tokens: its prompt and half its answer. */
  readonly contextLength: readonly number[]
  readonly itlMs: readonly number[]
  /** Output tokens/s/GPU of the worker. */
  readonly throughputPerGpu: readonly number[]
  /** The most KV tokens of one worker in any of the measurements; the capacity of its cache isn't known. */
  readonly maxKvTokens: number
}

/** What Dynamo's SLA planner asks of an engine. */
export interface PlannerProfile {
  /** Null where the sweep has no variants. */
  readonly variant: string | null
  readonly prefill: PrefillProfile
  readonly decode: DecodeProfile
}

/** Prompt lengths that a curve over them needs; the planner fits a regression. */
const fewestLengths = 2

/**
 * The planner's profiles of a run, one for each variant, from its valid measurements of disaggregated deployments, where
 * each role has its workers for itself:
 *
 * - prefill: TTFT at concurrency 1, where a prompt waits for no other. It includes frontend and KV transfer.
 * - decode: ITL at every closed or open load. The mean batch of a worker is, by Little's law, its tokens/s times its ITL.
 *
 * Shared prompts and conversations are left out: a cached prompt tells nothing of how long it takes to compute.
 *
 * @throws FulcrumError (bad-input) `no-planner-profile` when the run lacks what a profile needs; `several-engines` when
 *   deployments of one variant have different engine settings
 */
export function plannerProfiles(run: Run): readonly PlannerProfile[] {
  const usable = run.results.filter(
    ({ status, measurement, point }) =>
      status === 'ok' &&
      measurement !== null &&
      point.deployment.topology.kind === 'disaggregated' &&
      point.workload.prefix === undefined &&
      point.workload.conversation === undefined,
  )
  const profiles = [...Map.groupBy(usable, ({ point }) => point.deployment.variant ?? null)].map(
    ([variant, results]): PlannerProfile => {
      const engines = new Set(results.map(({ point }) => engineOf(point.deployment)))
      if (engines.size > 1)
        throw new FulcrumError(
          'bad-input',
          'several-engines',
          `${variant ?? run.manifest.sweep} has deployments with ${engines.size} different engine settings; a profile describes one engine.`,
          { where: run.folder, remedy: 'Make them variants of the sweep: each variant gets a profile of its own.' },
        )
      return { variant, prefill: prefillOf(results), decode: decodeOf(results) }
    },
  )
  const complete = profiles.filter(
    ({ prefill, decode }) => new Set(prefill.isl.map(Math.round)).size >= fewestLengths && decode.itlMs.length > 0,
  )
  if (complete.length > 0 && complete.length === profiles.length) return complete
  throw new FulcrumError(
    'bad-input',
    'no-planner-profile',
    'The run lacks measurements for a profile of the planner.',
    {
      where: run.folder,
      remedy: `Measure a disaggregated topology such as 1P1D, at concurrency 1 with at least ${fewestLengths} prompt lengths, and at higher concurrency for decode.`,
    },
  )
}

const engineOf = ({ engine, gpusPerWorker }: Deployment): string =>
  contentId({ engine, prefill: gpusPerWorker.prefill, decode: gpusPerWorker.decode })

function prefillOf(results: readonly PointResult[]): PrefillProfile {
  const samples = results
    .flatMap(({ point, measurement }) => {
      const { level } = point.load
      if (level.kind !== 'concurrency' || level.concurrency !== 1) return []
      const [isl, ttftMs] = [measurement?.isl?.mean, measurement?.ttftMs?.p50]
      if (isl === undefined || typeof ttftMs !== 'number' || !(ttftMs > 0)) return []
      return [{ isl, ttftMs, throughputPerGpu: ((isl / ttftMs) * 1000) / point.deployment.gpusPerWorker.prefill }]
    })
    .sort((a, b) => a.isl - b.isl)
  return {
    isl: samples.map(({ isl }) => isl),
    ttftMs: samples.map(({ ttftMs }) => ttftMs),
    throughputPerGpu: samples.map(({ throughputPerGpu }) => throughputPerGpu),
  }
}

function decodeOf(results: readonly PointResult[]): DecodeProfile {
  const samples = results
    .flatMap(({ point, measurement }) => {
      if (measurement === null) return []
      const { deployment } = point
      const workers = workersOf(deployment.topology, 'decode')
      const [isl, osl, itlMs] = [measurement.isl?.mean, measurement.osl?.mean, measurement.itlMs?.mean]
      const perS = measurement.outputTokensPerS
      if (isl === undefined || osl === undefined || itlMs === undefined || perS === null || !(itlMs > 0)) return []
      // A token is never made in a batch of less than its own request.
      const batch = Math.max(1, ((perS / workers) * itlMs) / 1000)
      const contextLength = isl + osl / 2
      const throughputPerGpu = perS / workers / deployment.gpusPerWorker.decode
      return [{ kvTokens: batch * contextLength, contextLength, itlMs, throughputPerGpu }]
    })
    .sort((a, b) => a.contextLength - b.contextLength || a.kvTokens - b.kvTokens)
  const maxKvTokens = Math.ceil(samples.reduce((most, { kvTokens }) => Math.max(most, kvTokens), 0))
  return {
    kvUsage: samples.map(({ kvTokens }) => kvTokens / maxKvTokens),
    contextLength: samples.map(({ contextLength }) => contextLength),
    itlMs: samples.map(({ itlMs }) => itlMs),
    throughputPerGpu: samples.map(({ throughputPerGpu }) => throughputPerGpu),
    maxKvTokens,
  }
}

import type { PointResult } from '../journal/event.ts'
import type { Run } from '../journal/run.ts'
import { contentId, type Deployment, FulcrumError, workersOf } from '../model/index.ts'

/** Prompt throughput of an otherwise idle prefill worker: parallel arrays, with one entry per measurement. */
export interface PrefillProfile {
  /** Tokens. */
  readonly isl: readonly number[]
  readonly ttftMs: readonly number[]
  /** Prompt tokens/s/GPU of the worker. */
  readonly throughputPerGpu: readonly number[]
}

/** Token throughput of one decode worker by batch and context length. */
export interface DecodeProfile {
  /** KV tokens of the batch as a share of {@link maxKvTokens}. */
  readonly kvUsage: readonly number[]
  /** Mean context of a request in tokens: its prompt plus half of its answer. */
  readonly contextLength: readonly number[]
  readonly itlMs: readonly number[]
  /** Output tokens/s/GPU of the worker. */
  readonly throughputPerGpu: readonly number[]
  /** Maximum KV tokens of one worker in any measurement; the capacity of its cache is unknown. */
  readonly maxKvTokens: number
}

/** Engine profile that Dynamo's SLA planner requires. */
export interface PlannerProfile {
  /** Null if the sweep has no variants. */
  readonly variant: string | null
  readonly prefill: PrefillProfile
  readonly decode: DecodeProfile
}

/** Prompt lengths needed for a curve: the planner fits a regression. */
const fewestLengths = 2

/**
 * The planner's profiles of a run, one for each variant, from its valid measurements of disaggregated deployments, in
 * which each role has dedicated workers:
 *
 * - prefill: TTFT at concurrency 1, where a prompt waits for no other. Includes frontend and KV transfer.
 * - decode: ITL at every closed or open load. By Little's law, the mean batch of a worker is its tokens/s times its
 *   ITL.
 *
 * Leaves out shared prompts and conversations, because cached prompts do not show how long computing them takes.
 *
 * @throws FulcrumError (bad-input) `no-planner-profile` if the run lacks what a profile needs; `several-engines` if
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
      // Every token is made in a batch of at least its own request.
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

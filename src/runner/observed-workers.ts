import type { ConfiguredDeployer } from '../deployers/define-deployer.ts'
import { engineNamed, metricNamed } from '../engines/index.ts'
import { speculationOf } from '../engines/speculation.ts'
import type { Finding, Measurement, PromptCache, ServerMetrics } from '../metrics/measurement.ts'
import { type Endpoint, type Point, rolesOf } from '../model/index.ts'
import { roleSettings } from '../spec/checks/sources.ts'
import type { Sweep } from '../spec/sweep.ts'
import { isWorker, workerPages } from '../telemetry/worker-pages.ts'

const engineMetrics = [metricNamed('waiting'), metricNamed('running'), metricNamed('kvCacheUsage')]
const isEngineMetric = (name: string): boolean => engineMetrics.some(metric => metric.test(name))

/** Metrics of the workers' prefix caches, by the names of all engines. */
export const cacheMetrics = {
  found: metricNamed('cacheFound'),
  lookedFor: metricNamed('cacheLookedFor'),
  hitRate: metricNamed('cacheHitRate'),
}

/** Metrics of the workers' speculative decoding, by the names of all engines. */
export const speculationMetrics = {
  drafts: metricNamed('specDrafts'),
  draftTokens: metricNamed('specDraftTokens'),
  acceptedTokens: metricNamed('specAcceptedTokens'),
  draftedAt: metricNamed('specDraftedAt'),
  acceptedAt: metricNamed('specAcceptedAt'),
  length: metricNamed('specAcceptedLength'),
  rate: metricNamed('specAcceptanceRate'),
}

/** Any of {@link speculationMetrics}. */
export const speculationMetric = new RegExp(
  Object.values(speculationMetrics)
    .map(({ source }) => source)
    .join('|'),
)

/** The endpoint with the metrics pages that the sweep file names, and findings on these pages. */
export async function withNamedWorkers(
  { telemetry }: Pick<Sweep, 'telemetry'>,
  { deployment }: Point,
  endpoint: Endpoint,
): Promise<{ readonly endpoint: Endpoint; readonly findings: readonly Finding[] }> {
  if (telemetry.workers === 'auto') return { endpoint, findings: [] }
  const expected = { topology: deployment.topology, model: endpoint.model, isEngineMetric }
  const { metricsUrls, findings } = await workerPages(telemetry.workers, endpoint, expected)
  return { endpoint: { ...endpoint, metricsUrls }, findings }
}

/**
 * Adds whether the cached tokens of a disaggregated deployment are those of its prefill workers, which depends on the
 * engine.
 * @param engineOf the engine of the workers; null if unknown
 */
export function withItsRole(
  cache: PromptCache | undefined,
  { deployment: { topology } }: Pick<Point, 'deployment'>,
  engineOf: () => string | null,
): PromptCache | undefined {
  if (cache === undefined || topology.kind !== 'disaggregated') return cache
  return engineNamed(engineOf()).usageTellsPrefillCache ? { ...cache, isOfPrefill: true } : cache
}

/**
 * A warning if workers decode speculatively, by their metrics or settings, and prompts are random words. Models accept
 * other drafts after random words than after real prompts.
 */
export function draftsOfRandomWords(
  { deployment, workload, load }: Pick<Point, 'deployment' | 'workload' | 'load'>,
  { speculation }: { readonly speculation: Measurement['speculation'] },
  deploy: ConfiguredDeployer,
): readonly Finding[] {
  const isRandom = workload.datasetFile === undefined || load.level.kind === 'trace'
  if (!isRandom || load.api === 'embeddings') return []
  const sources = { engine: {}, workers: deploy.workers() }
  const isSet = rolesOf(deployment.topology).some(
    role => speculationOf(roleSettings(sources, role, deployment.engine[role] ?? {})) !== null,
  )
  if (!isSet && speculation === undefined) return []
  const message =
    'The workers decode speculatively, but the prompts are random words: the share of accepted drafts, and with it ITL and throughput, says nothing about real prompts. Give the workload a dataset'
  return [{ severity: 'warning', code: 'speculation-random-prompts', message }]
}

/**
 * A note if workers have metrics, but none of queue, batch or KV cache, because `tune` then judges without them.
 * @param engineOf the engine of the workers; null if unknown
 * @param shownByOf what makes the workers of this deployer show them. Default: what the engine says
 */
export function missingEngineMetrics(
  server: ServerMetrics,
  engineOf: () => string | null,
  shownByOf: () => string | undefined = () => undefined,
): readonly Finding[] {
  const lacking = Object.entries(server).filter(
    ([source, metrics]) => isWorker(source) && !Object.keys(metrics).some(isEngineMetric),
  )
  if (lacking.length === 0) return []
  const { metrics, usesGpus } = engineNamed(engineOf())
  // An engine that does not really compute may have no such metrics.
  if (!usesGpus) return []
  const shownBy = shownByOf() ?? metrics.shownBy
  const remedy = shownBy === undefined ? '' : `: ${shownBy}`
  const sources = lacking.map(([source]) => source).join(', ')
  const message = `The metrics pages of ${sources} show no queue, batch or KV cache of an engine${remedy}`
  return [{ severity: 'note', code: 'engine-metrics-missing', message }]
}

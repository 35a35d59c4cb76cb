import type { Finding } from '../metrics/measurement.ts'
import {
  type Endpoint,
  type Role,
  rolesOf,
  type Topology,
  topologyLabel,
  type WorkerPage,
  workersOf,
} from '../model/index.ts'
import { type Exposition, parseExposition } from './exposition.ts'
import { readPage } from './metrics-page.ts'

/** Facts to check the pages of a sweep file against. */
export interface ExpectedPages {
  readonly topology: Topology
  /** The served model. */
  readonly model: string
  /** Whether a metric shows the queue, the batch or the KV cache of an engine. */
  isEngineMetric(name: string): boolean
}

/** Pages to scrape, by source, and problems with the named ones. */
export interface WorkerPages {
  readonly metricsUrls: Endpoint['metricsUrls']
  readonly findings: readonly Finding[]
}

/** Metrics that Dynamo's runtime adds to every worker's page, for any engine. */
const dynamoWorker = /^dynamo_component_/
/** Labels whose value is a worker's role, in Dynamo, SGLang and others. */
const roleLabels = ['dynamo_component', 'engine_type', 'disaggregation_mode', 'role']
const modelLabels = ['model', 'model_name']

/**
 * Reads each page of the sweep file once to identify its worker. Pages that do not answer stay in the list; scraping
 * them reports why.
 */
export async function workerPages(
  pages: readonly WorkerPage[],
  endpoint: Endpoint,
  expected: ExpectedPages,
): Promise<WorkerPages> {
  const seen = await Promise.all(
    pages.map(async (page, index) => {
      const answer = await readPage(page.url, endpoint)
      const exposition = 'text' in answer ? parseExposition(answer.text) : null
      return {
        ...page,
        what: `telemetry.workers[${index}] (${page.url})`,
        exposition,
        isAbsent: 'isAbsent' in answer && answer.isAbsent,
      }
    }),
  )
  const counts = new Map<string, number>()
  const nextOf = (kind: string): string => {
    const count = counts.get(kind) ?? 0
    counts.set(kind, count + 1)
    return `${kind}-${count}`
  }
  const kept: [source: string, url: string][] = []
  const findings: Finding[] = []
  for (const { url, role, what, exposition, isAbsent } of seen) {
    const isSilent = exposition === null || exposition.samples.length === 0
    const stranger = isSilent ? null : strangerIn(exposition, expected)
    if (stranger !== null) {
      findings.push(finding('metrics-not-a-worker', `${what} ${stranger}. It is ignored: correct or remove the URL`))
      continue
    }
    const told = role ?? (exposition === null ? null : roleIn(exposition, expected.topology))
    if (told !== null && !rolesOf(expected.topology).includes(told)) {
      const label = topologyLabel(expected.topology)
      findings.push(
        finding(
          'metrics-no-role',
          `${what} is the page of ${told === 'aggregated' ? 'an' : 'a'} ${told} worker, but ${label} has none`,
        ),
      )
      continue
    }
    if (told === null && !isSilent) {
      const remedy = 'write { url, role } with role: prefill or decode'
      findings.push(finding('metrics-no-role', `The labels of ${what} do not give the role of its worker: ${remedy}`))
    }
    const source = nextOf(told ?? 'worker')
    // Scraping does not report a page that the server does not have, but this one was named.
    if (isAbsent) findings.push(finding('metrics-missing', `${what} is unavailable: HTTP 404`))
    else kept.push([source, url])
  }
  const others = Object.entries(endpoint.metricsUrls).filter(([source]) => !isWorker(source))
  return {
    metricsUrls: Object.fromEntries([...others, ...kept]),
    findings: [...findings, ...miscounted(counts, expected.topology)],
  }
}

/** Whether a metrics source is a single worker. */
export function isWorker(source: string): boolean {
  return /^(?:prefill|decode|aggregated)-\d+$/.test(source)
}

/** Why a page can't belong to a worker of this deployment; null if it can. */
function strangerIn({ samples }: Exposition, { isEngineMetric, model }: ExpectedPages): string | null {
  if (!samples.some(({ name }) => isEngineMetric(name) || dynamoWorker.test(name))) {
    return 'has no worker metrics: no queue, no batch, no KV cache'
  }
  const models = new Set(samples.flatMap(({ labels }) => modelLabels.flatMap(name => labels[name] ?? [])))
  if (models.size === 0 || [...models].some(other => lastPart(other) === lastPart(model))) return null
  return `is of a worker that serves ${[...models].join(', ')} instead of ${model}`
}

/** Engines may name a model by its path or by its served name. */
const lastPart = (model: string): string => model.split('/').filter(Boolean).at(-1)?.toLowerCase() ?? ''

function roleIn({ samples }: Exposition, topology: Topology): Role | null {
  if (topology.kind === 'aggregated') return 'aggregated'
  const told = roleLabels.flatMap(name => samples.flatMap(({ labels }) => labels[name] ?? []))
  if (told.some(value => /prefill/i.test(value))) return 'prefill'
  // Dynamo's decode workers register as `backend` or under their engine's name.
  const isDynamo = samples.some(({ labels }) => labels.dynamo_component !== undefined)
  return isDynamo || told.some(value => /decode/i.test(value)) ? 'decode' : null
}

function miscounted(counts: ReadonlyMap<string, number>, topology: Topology): readonly Finding[] {
  // A page without a role may belong to any worker.
  if (counts.has('worker')) return []
  return rolesOf(topology).flatMap(role => {
    const [named, workers] = [counts.get(role) ?? 0, workersOf(topology, role)]
    if (named === workers) return []
    const pages = `telemetry.workers names ${named} ${named === 1 ? 'page' : 'pages'} of ${role} workers`
    const message = `${pages}, but ${topologyLabel(topology)} has ${workers}: the figures of this role cover the named pages only`
    return [{ severity: named > workers ? 'warning' : 'note', code: 'metrics-worker-count', message } as const]
  })
}

const finding = (code: string, message: string): Finding => ({ severity: 'warning', code, message })

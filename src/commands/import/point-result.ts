import { join } from 'node:path'
import { contradictions } from '../../generators/import/contradictions.ts'
import type { ImportedSummary } from '../../generators/import/summary.ts'
import { topologyInPath } from '../../generators/import/topology-in-path.ts'
import type { PointResult } from '../../journal/index.ts'
import type { Finding, Measurement } from '../../metrics/measurement.ts'
import { judge, statusOf } from '../../metrics/validity.ts'
import {
  contentId,
  type Deployment,
  defaultLimits,
  type EngineSettings,
  FulcrumError,
  type Load,
  type Point,
  rolesOf,
  type Slo,
  type Topology,
  topologyLabel,
  type Workload,
} from '../../model/index.ts'

/** What an imported result says of its deployment. */
export interface DeploymentShape {
  readonly topology: Topology
  readonly gpusPerWorker: Deployment['gpusPerWorker']
  readonly settings: EngineSettings
}

/**
 * The deployment that a result was measured on: from the result itself, its path, or the command line.
 * @throws FulcrumError (bad-input) `no-topology`, `no-gpus`
 */
export function shapeOf(
  file: string,
  { deployment: said }: ImportedSummary,
  request: { readonly gpusPerWorker?: number },
  folder: string,
  fallback: Topology | null,
): DeploymentShape {
  const topology = said?.isStated === true ? said.topology : (topologyInPath(file) ?? said?.topology ?? fallback)
  if (topology === null)
    throw new FulcrumError('bad-input', 'no-topology', `The path of ${file} does not name a topology.`, {
      where: join(folder, file),
      remedy: 'Name its folder after the topology (2P1D, agg-x2), or set one for all such results with --topology.',
    })
  const gpus = said?.gpusPerWorker ?? request.gpusPerWorker
  if (gpus === undefined)
    throw new FulcrumError('bad-input', 'no-gpus', `${file} does not say how many GPUs a worker has.`, {
      where: join(folder, file),
      remedy: 'Add --gpus-per-worker N.',
    })
  const gpusPerWorker = typeof gpus === 'number' ? { prefill: gpus, decode: gpus, aggregated: gpus } : gpus
  return { topology, gpusPerWorker, settings: said?.settings ?? {} }
}

/**
 * Reads a topology such as `2P1D` or `agg-x2`.
 * @throws FulcrumError (bad-input, `bad-topology`)
 */
export function namedTopology(text: string): Topology {
  const topology = topologyInPath(text)
  if (topology !== null) return topology
  throw new FulcrumError('bad-input', 'bad-topology', `Invalid topology '${text}'.`, {
    remedy: 'Use a form such as 2P1D or agg-x2.',
  })
}

/** Adds what a summary contradicts: itself, or the path of its file. */
export function withContradictions(file: string, summary: ImportedSummary): Measurement {
  const remarks = [...contradictions(summary.measurement), ...pathContradictions(file, summary)]
  if (remarks.length === 0) return summary.measurement
  return { ...summary.measurement, remarks: [...(summary.measurement.remarks ?? []), ...remarks] }
}

/** Marks results in a folder of another concurrency, and settings that did not reach the program. */
function pathContradictions(file: string, { asked, deployment }: ImportedSummary): readonly Finding[] {
  const named = (pattern: string) => {
    const [, text] = new RegExp(`(?:^|[/_-])(?:${pattern})[-_=]?(\\d+)(?=\\/|[_.-])`).exec(file) ?? []
    return text === undefined ? null : Number(text)
  }
  const { level } = asked
  const wrong = (what: string, name: number | string | null, said: number | string) =>
    name === null || name === said
      ? []
      : [`the path says ${what} ${name}, but the summary says ${said}; the summary takes precedence`]
  const topology = topologyInPath(file)
  const messages = [
    ...(level.kind === 'concurrency'
      ? wrong('concurrency', named('c|conc|concurrency'), level.concurrency)
      : wrong('concurrency', named('c|conc|concurrency'), 'a request rate')),
    ...(deployment?.isStated === true
      ? [
          ...wrong('ISL', named('isl'), asked.isl),
          ...wrong('OSL', named('osl'), asked.osl),
          ...wrong('topology', topology === null ? null : topologyLabel(topology), topologyLabel(deployment.topology)),
        ]
      : []),
  ]
  return messages.map(message => ({ severity: 'warning', code: 'imported-path-disagrees', message }))
}

/**
 * The result as that of a point.
 * @param before results of the run so far. Those of the same point make this one a further repeat of it
 */
export function resultOf(
  { program, asked, measurement, allFailed }: ImportedSummary,
  { topology, gpusPerWorker, settings }: DeploymentShape,
  slo: Slo,
  before: readonly PointResult[],
): PointResult {
  const shape: Omit<Deployment, 'id'> = {
    topology,
    model: { name: asked.model, tokenizer: '' },
    engine:
      Object.keys(settings).length === 0
        ? {}
        : Object.fromEntries(rolesOf(topology).map(role => [role, settings] as const)),
    gpusPerWorker,
  }
  const deployment: Deployment = { id: contentId(shape), ...shape }
  const workload: Workload = {
    name: `${asked.isl}/${asked.osl}`,
    isl: { kind: 'fixed', tokens: asked.isl },
    osl: { kind: 'fixed', tokens: asked.osl },
  }
  const { level, api, streaming, requests, warmup, dataset, seed } = asked
  const load: Load = {
    level,
    api,
    streaming,
    requests,
    warmup,
    dataset,
    seed,
    graceS: 0,
    timeoutMs: 0,
    extra: {},
  }
  const { seed: _, ...pressed } = load
  const same = contentId({ deployment: deployment.id, workload, pressed, program })
  const repeat = 1 + before.filter(({ point }) => point.id.startsWith(same)).length
  const point: Point = {
    id: `${same}-${repeat}`,
    deployment,
    workload,
    load,
    generator: program,
    slo,
    limits: defaultLimits,
    repeat,
  }
  const findings = judge(point, measurement)
  const status = allFailed ? 'failed' : statusOf(findings)
  const against = findings.filter(finding => finding.severity === 'invalid').map(finding => finding.message)
  return { point, status, reason: against.join('; '), findings, measurement }
}

/** A key of a result from its point and figures. No two measurements agree to the last digit. */
export function sameness({ point: { id, repeat }, measurement: m }: PointResult): string {
  const figures = [m?.ttftMs?.mean, m?.itlMs?.mean, m?.requestLatencyMs?.mean, m?.outputTokensPerS]
  // Failed results have no figures to distinguish them.
  const isTold = figures.some(value => value !== null && value !== undefined)
  return isTold ? JSON.stringify([id.slice(0, -`-${repeat}`.length), figures]) : id
}

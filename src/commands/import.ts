import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { readAiperfSummary } from '../generators/aiperf/import.ts'
import { readGenaiPerfSummary } from '../generators/genai-perf/import.ts'
import { parsePythonJson } from '../generators/import/read.ts'
import type { ImportedSummary } from '../generators/import/summary.ts'
import { topologyInPath } from '../generators/import/topology-in-path.ts'
import { createRun, type PointResult } from '../journal/index.ts'
import type { Measurement } from '../metrics/measurement.ts'
import { judge, statusOf } from '../metrics/validity.ts'
import {
  contentId,
  type Deployment,
  defaultLimits,
  FulcrumError,
  type Load,
  type Point,
  type Slo,
  type Topology,
  type Workload,
} from '../model/index.ts'
import { exportAiperf } from '../render/export/aiperf.ts'
import { exportedResult, isUnchanged } from '../render/export/fulcrum-part.ts'
import { exportGenaiPerf } from '../render/export/genai-perf.ts'
import { reportRun, type WrittenReport } from './report.ts'

export interface ImportRequest {
  /** Searched with all folders below it. */
  readonly folder: string
  readonly resultsRoot: string
  /** Name of the sweep that the run is of. */
  readonly name: string
  /** Decides throughput per GPU: the programs don't know it. */
  readonly gpusPerWorker: number
  /** Of summaries whose path names none, such as `2P1D` or `agg-x2`. */
  readonly topology?: string
  /** What the results are held against; summaries don't say. */
  readonly slo?: Slo
}

export interface Imported {
  readonly folder: string
  readonly points: number
  /** Files that look like summaries and are none, with the reason. */
  readonly passedOver: readonly { readonly file: string; readonly why: string }[]
  readonly report: WrittenReport
}

/** Objectives by their keys in a sweep file. */
const sloKeys = {
  ttft_p95_ms: 'ttftP95Ms',
  itl_p95_ms: 'itlP95Ms',
  request_latency_p95_ms: 'requestLatencyP95Ms',
} as const satisfies { readonly [key: string]: keyof Slo }

/**
 * Reads objectives as `ttft_p95_ms=2000`; the last of one name counts.
 * @throws FulcrumError (bad-input) `slo-invalid`
 */
export function parseSlo(texts: readonly string[]): Slo {
  return Object.fromEntries(
    texts.map(text => {
      const [, key = '', figure = ''] = /^\s*(\w+)\s*=\s*(\d+(?:\.\d+)?)\s*$/.exec(text) ?? []
      const name = Object.entries(sloKeys).find(([known]) => known === key)?.[1]
      if (name !== undefined && Number(figure) > 0 && Number.isFinite(Number(figure))) return [name, Number(figure)]
      throw new FulcrumError('bad-input', 'slo-invalid', `Invalid objective '${text}'.`, {
        remedy: `Use ${Object.keys(sloKeys)
          .map(known => `${known}=N`)
          .join(', ')}, in ms.`,
      })
    }),
  )
}

const summaryNames: readonly string[] = ['profile_export_genai_perf.json', 'profile_export_aiperf.json']

/**
 * Makes a run of existing genai-perf or AIPerf results, one point a summary, so that report, compare, history and
 * export read them.
 * @throws FulcrumError (bad-input) when there is none, when one has no topology, (environment) when the run can't be
 *   written
 */
export async function importResults(request: ImportRequest): Promise<Imported> {
  const folder = resolve(request.folder)
  const fallback = request.topology === undefined ? null : namedTopology(request.topology)
  const passedOver: { file: string; why: string }[] = []
  const results: PointResult[] = []
  const systems: Record<string, string> = {}
  for (const file of await summariesUnder(folder)) {
    const read = await readSummary(join(folder, file)).catch((error: unknown) => {
      passedOver.push({ file, why: reasonOf(error) })
      return null
    })
    if (read === null) continue
    if ('result' in read) {
      const { point, measurement } = read.result
      const result =
        request.slo === undefined || Object.keys(request.slo).length === 0
          ? read.result
          : { ...read.result, point: { ...point, slo: request.slo } }
      const twin = results.find(known => known.point.id === point.id)
      if (twin === undefined) results.push(result)
      else if (!isDeepStrictEqual(twin, result))
        passedOver.push({
          file,
          why: `it holds another result of point ${point.id}, so it is from another run; import each run separately`,
        })
      systems[point.generator] = measurement?.generator.version ?? 'unknown'
      continue
    }
    const summary = { ...read.summary, measurement: withPathCheck(file, read.summary) }
    const topology = topologyInPath(file) ?? summary.deployment?.topology ?? fallback
    if (topology === null)
      throw new FulcrumError('bad-input', 'no-topology', `The path of ${file} does not name a topology.`, {
        where: join(folder, file),
        remedy: 'Name its folder after the topology (2P1D, agg-x2), or set one for all such results with --topology.',
      })
    const gpus = summary.deployment?.gpusPerWorker ?? request.gpusPerWorker
    results.push(resultOf(summary, topology, { gpus, slo: request.slo ?? {} }, results))
    systems[summary.program] = summary.measurement.generator.version
  }
  if (results.length === 0) throw nothingToImport(folder, passedOver)
  const runFolder = await written(request, folder, results, systems)
  const report = await reportRun({ folder: runFolder, resultsRoot: request.resultsRoot })
  return { folder: runFolder, points: results.length, passedOver, report }
}

function nothingToImport(folder: string, [unreadable, ...more]: Imported['passedOver']): FulcrumError {
  if (unreadable === undefined)
    return new FulcrumError('bad-input', 'nothing-to-import', `No results in ${folder}.`, {
      remedy: `Give a folder that holds ${summaryNames.join(' or ')}.`,
    })
  const others = more.length === 0 ? '' : ` (and ${more.length} more ${more.length === 1 ? 'file' : 'files'})`
  return new FulcrumError('bad-input', 'nothing-to-import', `No result can be read: ${unreadable.why}${others}.`, {
    where: join(folder, unreadable.file),
    remedy: 'Measure again with a supported version, or correct the file.',
  })
}

async function summariesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new FulcrumError('bad-input', 'no-folder', `Cannot read the folder ${folder}.`, { cause })
  })
  const files = entries
    .filter(entry => entry.isFile() && summaryNames.includes(entry.name))
    .map(entry => relative(folder, join(entry.parentPath, entry.name)))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  // AIPerf repeats its summary phase by phase, its warm-up among them, below the one of the whole run.
  return files.filter(file => {
    const whole = /^(.*?)phases\/[^/]+\/([^/]+)$/.exec(file)
    return whole === null || !files.includes(`${whole[1]}${whole[2]}`)
  })
}

/** A result as Fulcrum exported it, or what a program's own summary says. */
async function readSummary(
  path: string,
): Promise<{ readonly result: PointResult } | { readonly summary: ImportedSummary }> {
  const { value, notNumbers } = parsePythonJson(await readFile(path, 'utf8'))
  const isGenaiPerf = path.endsWith('_genai_perf.json')
  const exported = exportedResult(value)
  const isChanged = exported !== null && !isUnchanged(value, exportedAgain(exported, isGenaiPerf))
  if (exported !== null && !isChanged) return { result: exported }
  const summary = isGenaiPerf
    ? readGenaiPerfSummary(value, (await stat(path)).mtime, notNumbers)
    : readAiperfSummary(value, notNumbers)
  return { summary: isChanged ? { ...summary, measurement: changedSince(summary.measurement) } : summary }
}

const exportedAgain = (result: PointResult, isGenaiPerf: boolean): unknown =>
  JSON.parse(
    isGenaiPerf
      ? exportGenaiPerf(result)['profile_export_genai_perf.json']
      : exportAiperf(result)['profile_export_aiperf.json'],
  )

function changedSince(measurement: Measurement): Measurement {
  const message = 'the file has changed since Fulcrum exported it; its figures are read as they are now'
  return {
    ...measurement,
    remarks: [...(measurement.remarks ?? []), { severity: 'warning', code: 'export-changed', message }],
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return `it is not valid JSON: ${firstLine(error.message)}`
  return error instanceof Error ? firstLine(error.message) : String(error)
}

/** Results that were put into a folder of another concurrency, or settings that did not reach the program. */
function withPathCheck(file: string, { asked: { level }, measurement }: ImportedSummary): Measurement {
  const named = Number(/(?:^|[/_-])(?:c|conc|concurrency)[-_=]?(\d+)(?=\/|[_-])/.exec(file)?.[1] ?? Number.NaN)
  if (level.kind !== 'concurrency' || Number.isNaN(named) || named === level.concurrency) return measurement
  const message = `its path names concurrency ${named}, the summary itself says ${level.concurrency}, which counts`
  return {
    ...measurement,
    remarks: [...(measurement.remarks ?? []), { severity: 'warning', code: 'imported-path-disagrees', message }],
  }
}

function namedTopology(text: string): Topology {
  const topology = topologyInPath(text)
  if (topology !== null) return topology
  throw new FulcrumError('bad-input', 'bad-topology', `'${text}' is no topology.`, {
    remedy: 'Write it as 2P1D or agg-x2.',
  })
}

function resultOf(
  { program, asked, measurement, allFailed }: ImportedSummary,
  topology: Topology,
  { gpus, slo }: { readonly gpus: number; readonly slo: Slo },
  before: readonly PointResult[],
): PointResult {
  const shape: Omit<Deployment, 'id'> = {
    topology,
    model: { name: asked.model, tokenizer: '' },
    engine: {},
    gpusPerWorker: { prefill: gpus, decode: gpus, aggregated: gpus },
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

async function written(
  request: ImportRequest,
  folder: string,
  results: readonly PointResult[],
  systems: Readonly<Record<string, string>>,
): Promise<string> {
  const deployments = new Set(results.map(result => result.point.deployment.id)).size
  // JSON is YAML, and quotes whatever a path holds.
  const text = `${JSON.stringify({ name: request.name, deploy: { with: 'imported', from: folder } })}\n`
  await using run = await createRun(resolve(request.resultsRoot), {
    sweep: { name: request.name, file: folder, text },
    command: commandOf(request, folder),
    plan: { points: results.length, deployments, workersStarted: 0, lowerBound: 0, exact: true },
    systems,
  })
  for (const result of results)
    await run.journal.append({ type: 'point', result, elapsedS: result.measurement?.wallS ?? 0 })
  await run.journal.append({ type: 'run-ended', outcome: 'complete', reason: '' })
  return run.folder
}

function commandOf({ name, gpusPerWorker, topology, slo }: ImportRequest, folder: string): string[] {
  const objectives = Object.entries(sloKeys).flatMap(([key, name]) =>
    slo?.[name] === undefined ? [] : ['--slo', `${key}=${slo[name]}`],
  )
  const given = [...(topology === undefined ? [] : ['--topology', topology]), ...objectives]
  return ['fulcrum', 'import', folder, '--gpus-per-worker', String(gpusPerWorker), '--name', name, ...given]
}

const firstLine = (message: string): string => message.replace(/\s+/g, ' ').slice(0, 400)

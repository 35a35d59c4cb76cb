import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { parse as parseYaml } from 'yaml'
import { type FoundFile, type ImportFormat, nameOf } from '../generators/import/format.ts'
import { importFormats } from '../generators/import/formats.ts'
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
  type EngineSettings,
  FulcrumError,
  type Load,
  type Point,
  rolesOf,
  type Slo,
  type Topology,
  topologyLabel,
  type Workload,
} from '../model/index.ts'
import { exportAiperf } from '../render/export/aiperf.ts'
import { exportedResult, isUnchanged } from '../render/export/fulcrum-part.ts'
import { exportGenaiPerf } from '../render/export/genai-perf.ts'
import { reportRun, type WrittenReport } from './report.ts'

/** Request of `fulcrum import`. */
export interface ImportRequest {
  /** Searched including all subfolders. */
  readonly folder: string
  readonly resultsRoot: string
  /** Sweep name of the new run. */
  readonly name: string
  /** Determines throughput per GPU for results that do not state it. */
  readonly gpusPerWorker?: number
  /** Topology for summaries whose path has none, such as `2P1D` or `agg-x2`. */
  readonly topology?: string
  /** SLO of the new run. Summaries do not contain one. */
  readonly slo?: Slo
}

/** Result of `fulcrum import`: the new run. */
export interface Imported {
  readonly folder: string
  readonly points: number
  /** Files with the name of a summary that are not one, with the reason. */
  readonly passedOver: readonly { readonly file: string; readonly why: string }[]
  readonly report: WrittenReport
}

/** Objectives by their keys in a sweep file. */
const sloKeys = {
  ttft_p95_ms: 'ttftP95Ms',
  ttfo_p95_ms: 'ttfoP95Ms',
  itl_p95_ms: 'itlP95Ms',
  request_latency_p95_ms: 'requestLatencyP95Ms',
} as const satisfies { readonly [key: string]: keyof Slo }

/**
 * Reads objectives such as `ttft_p95_ms=2000`. The last value of a name counts.
 * @throws FulcrumError (bad-input, `slo-invalid`)
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

/**
 * Turns results of other programs into a run, one point for each result, for report, compare, history and export.
 * @throws FulcrumError (bad-input) if there are no results, or one has no topology; (environment) if the run cannot be
 *   written
 */
export async function importResults(request: ImportRequest): Promise<Imported> {
  const folder = resolve(request.folder)
  const fallback = request.topology === undefined ? null : namedTopology(request.topology)
  const passedOver: { file: string; why: string }[] = []
  const results: PointResult[] = []
  const systems: Record<string, string> = {}
  const found = await filesUnder(folder, passedOver)
  const formats = await Promise.all(importFormats.map(({ load }) => load()))
  const sources = new Map<string, { readonly file: string; readonly at: number }>()
  for (const file of found.values()) {
    const format = formats.find(one => one.isOf(file))
    if (format === undefined || isBehind(file, found, formats)) continue
    const read = readFound(file, format, found)
    for (const why of read.refused) passedOver.push({ file: file.path, why })
    for (const one of read.summaries) {
      const summary = { ...one, measurement: withPathCheck(file.path, one) }
      const result = resultOf(
        summary,
        shapeOf(file.path, summary, request, folder, fallback),
        request.slo ?? {},
        results,
      )
      const known = sources.get(sameness(result))
      if (known === undefined) {
        sources.set(sameness(result), { file: file.path, at: results.length })
        results.push(result)
      } else {
        // A nightly aggregate repeats the file of each point with less detail.
        const before = results[known.at]
        if (before?.measurement?.requests.isCompletedKnown === false)
          results[known.at] = { ...result, point: before.point }
        passedOver.push({ file: file.path, why: `it has the same result as ${known.file}` })
      }
      systems[summary.program] = summary.measurement.generator.version
    }
    if (read.exported === null) continue
    const { point, measurement } = read.exported
    const result =
      request.slo === undefined || Object.keys(request.slo).length === 0
        ? read.exported
        : { ...read.exported, point: { ...point, slo: request.slo } }
    const twin = results.find(other => other.point.id === point.id)
    if (twin === undefined) results.push(result)
    else if (!isDeepStrictEqual(twin, result))
      passedOver.push({
        file: file.path,
        why: `it has another result of point ${point.id}, so it is from another run; import each run separately`,
      })
    systems[point.generator] = measurement?.generator.version ?? 'unknown'
  }
  if (results.length === 0) throw nothingToImport(folder, passedOver)
  const runFolder = await written(request, folder, results, systems)
  const report = await reportRun({ folder: runFolder, resultsRoot: request.resultsRoot })
  return { folder: runFolder, points: results.length, passedOver, report }
}

function nothingToImport(folder: string, [unreadable, ...more]: Imported['passedOver']): FulcrumError {
  if (unreadable === undefined)
    return new FulcrumError('bad-input', 'nothing-to-import', `No results in ${folder}.`, {
      remedy: `Give a folder that holds one of: ${importFormats.map(({ about }) => about).join('; ')}.`,
    })
  const others = more.length === 0 ? '' : ` (and ${more.length} more ${more.length === 1 ? 'file' : 'files'})`
  return new FulcrumError('bad-input', 'nothing-to-import', `No result can be read: ${unreadable.why}${others}.`, {
    where: join(folder, unreadable.file),
    remedy: 'Measure again with a supported version, or correct the file.',
  })
}

/** Larger files are records of single requests: no program writes that many figures. */
const mostBytes = 256 * 1024 * 1024
/** Raw records of genai-perf and AIPerf, beside their summaries. */
const neverResults: readonly string[] = ['profile_export.json', 'inputs.json']

/** All files of a folder that can contain results, sorted by path. Reports unreadable ones. */
async function filesUnder(
  folder: string,
  passedOver: { file: string; why: string }[],
): Promise<ReadonlyMap<string, FoundFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new FulcrumError('bad-input', 'no-folder', `Cannot read the folder ${folder}.`, { cause })
  })
  const paths = entries
    .filter(({ name }) => /\.json$|^(benchmark_report.*|config)\.ya?ml$/.test(name) && !neverResults.includes(name))
    .filter(entry => entry.isFile())
    .map(entry => relative(folder, join(entry.parentPath, entry.name)))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  const found = new Map<string, FoundFile>()
  for (const path of paths) {
    // AIPerf repeats its summary for each phase, including the warm-up, below the summary of the whole run.
    const phase = /^(.*?)phases\/[^/]+\/([^/]+)$/.exec(path)
    if (phase !== null && paths.includes(`${phase[1]}${phase[2]}`)) continue
    try {
      found.set(path, await parsed(folder, path))
    } catch (error) {
      passedOver.push({ file: path, why: reasonOf(error) })
    }
  }
  return found
}

async function parsed(folder: string, path: string): Promise<FoundFile> {
  const { size, mtime } = await stat(join(folder, path))
  if (size > mostBytes) throw new Error(`it is larger than ${mostBytes / 1024 / 1024} MiB`)
  const text = await readFile(join(folder, path), 'utf8')
  const { value, notNumbers } = path.endsWith('.json')
    ? parsePythonJson(text)
    : { value: parseYaml(text) as unknown, notNumbers: 0 }
  return { path, value, notNumbers, modifiedAt: mtime }
}

/** Whether an aggregate beside the file says the same: `agg_NAME.json` is made from `NAME.json`. */
function isBehind(
  { path }: FoundFile,
  found: ReadonlyMap<string, FoundFile>,
  formats: readonly ImportFormat[],
): boolean {
  const name = nameOf(path)
  const aggregate = found.get(`${path.slice(0, path.length - name.length)}agg_${name}`)
  return aggregate !== undefined && formats.some(format => format.isOf(aggregate))
}

interface Read {
  /** A result as Fulcrum exported it. */
  readonly exported: PointResult | null
  readonly summaries: readonly ImportedSummary[]
  /** Why nothing was read, one reason each. */
  readonly refused: readonly string[]
}

/** Reads a result that Fulcrum exported, or the file of another program. */
function readFound(file: FoundFile, format: ImportFormat, found: ReadonlyMap<string, FoundFile>): Read {
  try {
    const exported = exportedResult(file.value)
    const isChanged =
      exported !== null &&
      !isUnchanged(file.value, exportedAgain(exported, nameOf(file.path) === 'profile_export_genai_perf.json'))
    if (exported !== null && !isChanged) return { exported, summaries: [], refused: [] }
    const { results, refused } = format.read(file, found)
    const summaries = isChanged ? results.map(one => ({ ...one, measurement: changedSince(one.measurement) })) : results
    return { exported: null, summaries, refused }
  } catch (error) {
    return { exported: null, summaries: [], refused: [reasonOf(error)] }
  }
}

/** Topology and settings of a result: from the result itself, its path, or the command line. */
function shapeOf(
  file: string,
  { deployment: said }: ImportedSummary,
  request: ImportRequest,
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

/** A key of a result from its point and figures. No two measurements agree to the last digit. */
function sameness({ point: { id, repeat }, measurement: m }: PointResult): string {
  const figures = [m?.ttftMs?.mean, m?.itlMs?.mean, m?.requestLatencyMs?.mean, m?.outputTokensPerS]
  // Failed results have no figures to distinguish them.
  const isTold = figures.some(value => value !== null && value !== undefined)
  return isTold ? JSON.stringify([id.slice(0, -`-${repeat}`.length), figures]) : id
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

/** Marks results in a folder of another concurrency, and settings that did not reach the program. */
function withPathCheck(file: string, { asked, measurement, deployment }: ImportedSummary): Measurement {
  const named = (pattern: string) => {
    const [, text] = new RegExp(`(?:^|[/_-])(?:${pattern})[-_=]?(\\d+)(?=\\/|[_.-])`).exec(file) ?? []
    return text === undefined ? null : Number(text)
  }
  const { level } = asked
  const wrong = (what: string, name: number | string | null, said: number | string) =>
    name === null || name === said
      ? []
      : [`its path names ${what} ${name}, the summary itself says ${said}, which counts`]
  const topology = topologyInPath(file)
  const messages = [
    ...(level.kind === 'concurrency'
      ? wrong('concurrency', named('c|conc|concurrency'), level.concurrency)
      : wrong('a concurrency, namely', named('c|conc|concurrency'), 'a request rate')),
    ...(deployment?.isStated === true
      ? [
          ...wrong('ISL', named('isl'), asked.isl),
          ...wrong('OSL', named('osl'), asked.osl),
          ...wrong('topology', topology === null ? null : topologyLabel(topology), topologyLabel(deployment.topology)),
        ]
      : []),
  ]
  if (messages.length === 0) return measurement
  const remarks = messages.map(message => ({
    severity: 'warning' as const,
    code: 'imported-path-disagrees',
    message,
  }))
  return { ...measurement, remarks: [...(measurement.remarks ?? []), ...remarks] }
}

function namedTopology(text: string): Topology {
  const topology = topologyInPath(text)
  if (topology !== null) return topology
  throw new FulcrumError('bad-input', 'bad-topology', `Invalid topology '${text}'.`, {
    remedy: 'Use a form such as 2P1D or agg-x2.',
  })
}

interface DeploymentShape {
  readonly topology: Topology
  readonly gpusPerWorker: Deployment['gpusPerWorker']
  readonly settings: EngineSettings
}

function resultOf(
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

async function written(
  request: ImportRequest,
  folder: string,
  results: readonly PointResult[],
  systems: Readonly<Record<string, string>>,
): Promise<string> {
  const deployments = new Set(results.map(result => result.point.deployment.id)).size
  // JSON is valid YAML, and it quotes any path.
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
  const gpus = gpusPerWorker === undefined ? [] : ['--gpus-per-worker', String(gpusPerWorker)]
  return ['fulcrum', 'import', folder, ...gpus, '--name', name, ...given]
}

const firstLine = (message: string): string => message.replace(/\s+/g, ' ').slice(0, 400)

import { join, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { importFormats } from '../generators/import/formats.ts'
import { createRun, type PointResult } from '../journal/index.ts'
import { FulcrumError, type Slo } from '../model/index.ts'
import { filesUnder, isBehind, type SkippedFile } from './import/files.ts'
import { sloFlags } from './import/objectives.ts'
import { namedTopology, resultOf, sameness, shapeOf, withContradictions } from './import/point-result.ts'
import { readFound } from './import/read-file.ts'
import { pointLabel } from './point-label.ts'
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
  /** Points that failed or are invalid, with the reason. */
  readonly unusable: readonly {
    readonly point: string
    readonly status: PointResult['status']
    readonly reason: string
  }[]
  /** Files with the name of a summary that are not one, with the reason. */
  readonly passedOver: readonly SkippedFile[]
  readonly report: WrittenReport
}

/**
 * Turns results of other programs into a run, one point for each result, for report, compare, history and export.
 * @throws FulcrumError (bad-input) if there are no results, or one has no topology; (environment) if the run cannot be
 *   written
 */
export async function importResults(request: ImportRequest): Promise<Imported> {
  const folder = resolve(request.folder)
  const fallback = request.topology === undefined ? null : namedTopology(request.topology)
  const passedOver: SkippedFile[] = []
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
      const summary = { ...one, measurement: withContradictions(file.path, one) }
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
  const unusable = results
    .filter(({ status }) => status !== 'ok')
    .map(({ point, status, reason }) => ({ point: pointLabel(point), status, reason }))
  return { folder: runFolder, points: results.length, unusable, passedOver, report }
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
  const given = [...(topology === undefined ? [] : ['--topology', topology]), ...sloFlags(slo)]
  const gpus = gpusPerWorker === undefined ? [] : ['--gpus-per-worker', String(gpusPerWorker)]
  return ['fulcrum', 'import', folder, ...gpus, '--name', name, ...given]
}

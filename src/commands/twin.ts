import { join, resolve } from 'node:path'
import { loadLabel } from '../analysis/load-label.ts'
import { measuredPoints } from '../analysis/measured-point.ts'
import type { FitOptions, PredictionRequest, StartedParts, Twin } from '../analysis/twin/index.ts'
import {
  assembleTwin,
  blankProfile,
  planFits,
  predictionOf,
  readTwin,
  simulatedPoint,
  twinFile,
  twinProfile,
  twinText,
} from '../analysis/twin/index.ts'
import { variantsOf } from '../analysis/variants.ts'
import type { ConfiguredDeployer } from '../deployers/define-deployer.ts'
import { replayedTrace } from '../generators/replay.ts'
import { diskError, fulcrumVersion, type Run, readRun, writeDurably } from '../journal/index.ts'
import { judge } from '../metrics/validity.ts'
import type { Point } from '../model/index.ts'
import { canonicalJson, contentId, defined, FulcrumError, gpusOf, topologyLabel } from '../model/index.ts'
import { planSweep } from '../plan/plan.ts'
import type { PredictedPoint } from '../render/views/predicted-point.ts'
import type { Profile } from '../simulator/profile.ts'
import { loadProfile, shippedProfiles } from '../simulator/profile.ts'
import type { TraceRequests } from '../simulator/request-source.ts'
import { simulateAll } from '../simulator/simulations.ts'
import { deployOf } from '../spec/deploy-of.ts'
import { loadSweep } from '../spec/load-sweep.ts'
import { findRun, type RunChoice } from './find-run.ts'
import { sweepAsItWas } from './sweep-as-it-was.ts'
import { type FitProgress, runFits } from './twin/fits.ts'

export type { Prediction, Twin } from '../analysis/twin/index.ts'
export type { PredictedPoint } from '../render/views/predicted-point.ts'
export type { FitProgress } from './twin/fits.ts'

/** Request of `fulcrum twin fit`. */
export interface TwinFitRequest extends RunChoice {
  /** A profile by name or path, or `none`. Default: the shipped profile measured on the run's model. */
  readonly profile?: string
  /** The variant to fit, if the run has variants. Default: the first of the sweep file. */
  readonly variant?: string
  /** File of the twin. Default: beside the run. */
  readonly to?: string
  readonly signal: AbortSignal
  readonly onProgress: (progress: FitProgress) => void
}

/**
 * `fulcrum twin fit`: fits a twin to a run and writes it.
 * @throws FulcrumError (bad-input) for a folder without a run, too few valid points, or an unknown profile
 */
export async function fitTwinOfRun(request: TwinFitRequest): Promise<{ readonly file: string; readonly twin: Twin }> {
  const folder = await findRun(request)
  const run = await readRun(folder)
  const all = measuredPoints(run)
  const variant = variantToFit(variantsOf(all, run.manifest), request.variant)
  const points = variant === undefined ? all : all.filter(({ deployment }) => deployment.variant === variant.name)
  const sweep = await sweepAsItWas(run.manifest).catch(() => null)
  const profile = await profileOf(run, request.profile)
  const options = {
    profile,
    run: { sweep: run.manifest.sweep, runId: run.manifest.runId, folder },
    fulcrumVersion: await fulcrumVersion(),
    fittedAt: new Date().toISOString(),
    ...defined({
      variant,
      started: sweep === null ? undefined : startedParts(deployOf(sweep, defined({ variant: variant?.name }))),
    }),
  }
  const results = await runFits(planFits(points, options), request.signal, request.onProgress)
  const twin = assembleTwin(points, options, results)
  const file = resolve(request.to ?? join(folder, twinFile))
  await writeDurably(file, twinText(twin)).catch(error => Promise.reject(diskError(error, 'write the twin', file)))
  return { file, twin }
}

/**
 * The variant to fit, because a twin describes one deployment: the named one, otherwise the first of the sweep file.
 * @throws FulcrumError (bad-input, `unknown-variant`)
 */
function variantToFit(names: readonly string[], asked: string | undefined): FitOptions['variant'] {
  const name = asked ?? names[0]
  if (name === undefined) return undefined
  if (!names.includes(name)) {
    const has = names.length === 0 ? 'The run has no variants' : `The run has ${names.join(', ')}`
    throw new FulcrumError('bad-input', 'unknown-variant', `No point of the run is of variant '${name}'`, {
      remedy: `${has}.`,
    })
  }
  return { name, others: names.filter(other => other !== name) }
}

function startedParts(deploy: ConfiguredDeployer): StartedParts {
  const { frontend, workers } = deploy.parts()
  const { prefill, decode, aggregated } = workers
  return {
    deployer: deploy.name,
    frontend: contentId(frontend),
    workers: { prefill: contentId(prefill), decode: contentId(decode), aggregated: contentId(aggregated) },
  }
}

/** The profile from which a fit starts: the named one, otherwise a shipped one for the run's model, otherwise none. */
async function profileOf(run: Run, name: string | undefined): Promise<Profile> {
  const model = run.results[0]?.point.deployment.model.name ?? ''
  if (name === 'none') return blankProfile(model)
  if (name !== undefined) return await loadProfile(name)
  const shipped = await shippedProfiles()
  return shipped.find(profile => profile.model === model) ?? blankProfile(model)
}

/** Request of `fulcrum twin predict`. */
export interface TwinPredictRequest {
  readonly twinFile: string
  readonly sweepFile: string
  /** Includes the points that the twin was fitted to. */
  readonly all: boolean
  readonly signal: AbortSignal
  readonly onProgress: (done: number, count: number) => void
}

/**
 * `fulcrum twin predict`: predicts the figures of a sweep, once for each point regardless of repeats.
 * @throws FulcrumError (bad-input) for invalid files
 */
export async function predictSweepFile(request: TwinPredictRequest): Promise<readonly PredictedPoint[]> {
  const twin = await readTwin(request.twinFile)
  const sweep = await loadSweep(request.sweepFile)
  const known = twin.run === null ? new Set<string>() : await measuredIds(twin.run.folder)
  const points = planSweep(sweep)
    .deployments.flatMap(planned => planned.points)
    .filter(point => point.repeat === 1 && (request.all || !known.has(point.id)))
  const traces = new Map<string, TraceRequests>()
  const requests: PredictionRequest[] = []
  for (const point of points) {
    const { variant } = point.deployment
    const started = startedParts(deployOf(sweep, point.deployment))
    requests.push({ ...(await requestOf(point, traces, request.signal)), started, ...defined({ variant }) })
  }
  const simulations = await simulateAll(
    requests.map(one => simulatedPoint(twin, one)),
    twinProfile(twin),
    { signal: request.signal, onDone: request.onProgress },
  )
  return points.flatMap((point, index) => {
    const [asked, simulated] = [requests[index], simulations[index]]
    if (asked === undefined || simulated === undefined) return []
    const { simulation: _, ...prediction } = predictionOf(twin, asked, simulated)
    return [
      {
        pointId: point.id,
        topology: topologyLabel(point.deployment.topology),
        workload: point.workload.name,
        load: loadLabel(point.load.level),
        gpus: gpusOf(point.deployment),
        measured: known.has(point.id),
        findings: judge(point, simulated),
        prediction,
      },
    ]
  })
}

/** Ids of the points of the twin's run; empty if the run is gone. */
async function measuredIds(folder: string): Promise<ReadonlySet<string>> {
  const run = await readRun(folder).catch(() => null)
  return new Set(run?.results.filter(result => result.status === 'ok').map(result => result.point.id) ?? [])
}

async function requestOf(
  { deployment, workload, load, slo }: Point,
  traces: Map<string, TraceRequests>,
  signal: AbortSignal,
): Promise<PredictionRequest> {
  const { level } = load
  const request = {
    topology: deployment.topology,
    engine: deployment.engine,
    gpusPerWorker: deployment.gpusPerWorker,
    workload,
    load,
    slo,
  }
  if (level.kind !== 'trace') return request
  if (level.users !== undefined)
    throw new FulcrumError('bad-input', 'twin-cannot', 'a twin predicts traces as they arrive, not with users', {
      where: 'load.trace.users',
      remedy: 'remove users, or measure the sweep with `fulcrum run`',
    })
  const { speed: _, ...part } = level
  const key = canonicalJson({ ...part, seed: load.seed })
  const trace = traces.get(key) ?? (await replayedTrace(level, load.seed, signal))
  traces.set(key, trace)
  return { ...request, load: { ...load, trace } }
}

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { LoadProgress } from '../generators/generator.ts'
import {
  deploymentBroke,
  diskError,
  followed,
  isDiskRefusal,
  latestResults,
  type PointResult,
} from '../journal/index.ts'
import type { Finding, Measurement } from '../metrics/measurement.ts'
import { serverCacheOf } from '../metrics/server-cache.ts'
import { speculationOf, withRequests } from '../metrics/speculation.ts'
import type { IsBeaten } from '../metrics/stopping/stop.ts'
import { gravestFirst } from '../metrics/validity.ts'
import { defined, type Endpoint, FulcrumError, type Point } from '../model/index.ts'
import { beatenBy } from '../search/beaten.ts'
import { deployOf } from '../spec/deploy-of.ts'
import { type GpuWatch, watchGpus } from '../telemetry/gpu/watch.ts'
import { watchServer } from '../telemetry/server-metrics.ts'
import { messageOf } from './bring-up.ts'
import type { RunContext } from './context.ts'
import { pointDeadlineMs, within } from './deadline.ts'
import { earlierPrompts } from './earlier-prompts.ts'
import { tellLive } from './live.ts'
import {
  cacheMetrics,
  draftsOfRandomWords,
  missingEngineMetrics,
  speculationMetric,
  speculationMetrics,
  withItsRole,
  withNamedWorkers,
} from './observed-workers.ts'
import { keepWorkerLogs } from './worker-logs.ts'

/** A check looks at processes and discovery. If it takes longer than this, something is wrong. */
const checkLimitMs = 60_000

/** A recorded point, and what is wrong with its deployment afterwards. */
export interface PointOutcome {
  readonly result: PointResult
  readonly broken: readonly string[]
}

/**
 * Measures one point and records it. Then checks the deployment: if a part of it broke during the point, the point is
 * invalid regardless of its figures.
 * @throws the signal's reason, without a record; FulcrumError of kind environment or bad-input if the generator cannot
 *   run at all, because no other point could be measured either
 */
export async function measurePoint(run: RunContext, point: Point, endpoint: Endpoint): Promise<PointOutcome> {
  const startS = run.elapsedS()
  const folder = await emptyPointFolder(run, point)
  run.tell({ step: 'measuring', point, load: null })
  const measured = await attempt(run, point, endpoint, folder)
  run.signal.throwIfAborted()
  const broken = await whatBroke(run)
  if (broken.length > 0 || measured.measurement === null) await keepWorkerLogs(run.dependencies.deployer, folder)
  const result = resultOf(point, measured.measurement, [...measured.findings, ...broken.map(brokeFinding)])
  const elapsedS = run.elapsedS() - startS
  await run.record({ type: 'point', result, elapsedS })
  run.tell({ step: 'measured', result, tookS: elapsedS })
  return { result, broken }
}

/** Problems of the running deployment; empty if there are none. */
async function whatBroke(run: RunContext): Promise<readonly string[]> {
  try {
    return await within(checkLimitMs, 'The check of the deployment', run.signal, signal =>
      run.dependencies.deployer.check(signal),
    )
  } catch (error) {
    run.signal.throwIfAborted()
    return [`the deployment could not be checked: ${messageOf(error)}`]
  }
}

/** A result for a point that could not be measured because its deployment does not run. */
export function failedResult(point: Point, code: string, message: string): PointResult {
  return resultOf(point, null, [{ severity: 'invalid', code, message }])
}

/**
 * Requests to the remaining parts of a broken deployment may finish within this time. Requests to the broken part would
 * only run into their timeout.
 */
const brokenGraceMs = 20_000

/**
 * Runs a measurement and aborts it some time after a part of the deployment ends, because none of its figures will
 * count.
 * @throws FulcrumError (failed, `deployment-ended`)
 */
async function whileUnbroken<T>(
  { dependencies: { deployer, brokenGraceMs: graceMs = brokenGraceMs } }: RunContext,
  signal: AbortSignal,
  measure: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  let grace: NodeJS.Timeout | undefined
  let isOver = false
  void deployer.broken?.().then(() => {
    if (isOver) return
    const message = `A part of the deployment ended, and Fulcrum abandoned the point ${graceMs / 1000} s later`
    grace = setTimeout(() => over.abort(new FulcrumError('failed', 'deployment-ended', message)), graceMs)
  })
  try {
    return await measure(AbortSignal.any([signal, over.signal]))
  } catch (error) {
    throw over.signal.aborted ? over.signal.reason : error
  } finally {
    isOver = true
    clearTimeout(grace)
  }
}

interface Measured {
  readonly measurement: Measurement | null
  readonly findings: readonly Finding[]
}

async function attempt(run: RunContext, point: Point, endpoint: Endpoint, folder: string): Promise<Measured> {
  const limitMs = (run.dependencies.pointDeadlineMs ?? pointDeadlineMs)(point)
  try {
    const { sweep } = run.plan
    const deploy = deployOf(sweep, point.deployment)
    const engineOf = () => deploy.workers().engine
    const observed = await withNamedWorkers(sweep, point, endpoint)
    await using server = watchServer(observed.endpoint, run.clockMs, speculationMetric)
    await using gpus = gpusOf(run)
    // The energy of a window needs a sample from before the window.
    await gpus?.ready()
    await using live = tellLive(run.dependencies.run.folder, point, { server, gpus })
    const onProgress = (load: LoadProgress) => {
      live.take(load)
      if (load.phase === 'measuring') server.begin()
      if (load.phase === 'draining' || load.phase === 'summarising') server.end()
      run.tell({ step: 'measuring', point, load })
    }
    const measured = await within(limitMs, 'The point', run.signal, limit =>
      whileUnbroken(run, limit, signal =>
        run.dependencies.generator.measure(point, endpoint, { signal, folder, onProgress, ...mayEnd(run, point) }),
      ),
    )
    const seen = await server.metrics(measured.window === 'steady' ? measured : undefined)
    const hardware = (await gpus?.observed(measured, point.deployment)) ?? { gpus: null, findings: [] }
    const speculation = withRequests(speculationOf(seen, speculationMetrics), measured.speculation)
    const remarks = [
      ...observed.findings,
      ...(await server.remarks()),
      ...hardware.findings,
      ...missingEngineMetrics(seen, engineOf, () => deploy.workers().metricsShownBy),
      ...draftsOfRandomWords(point, { speculation }, deploy),
    ]
    const serverCache = serverCacheOf(seen, cacheMetrics)
    const promptCache = withItsRole(measured.promptCache, point, engineOf)
    const measurement = {
      ...measured,
      ...defined({ promptCache, serverCache, speculation }),
      ...(Object.keys(seen).length === 0 ? {} : { server: { ...seen, ...measured.server } }),
      ...defined({ gpus: hardware.gpus ?? undefined, price: sweep.price, sitePower: sweep.power }),
      ...(remarks.length === 0 ? {} : { remarks: [...(measured.remarks ?? []), ...remarks] }),
    }
    const earlier = earlierPrompts(
      point,
      measurement,
      run.dependencies.run.journal.lines,
      run.plan.sweep.generator.capabilities.prompts,
    )
    return { measurement, findings: gravestFirst([...run.dependencies.judge(point, measurement), ...earlier]) }
  } catch (error) {
    run.signal.throwIfAborted()
    if (isDiskRefusal(error)) throw diskError(error, 'write the files of a point', folder)
    if (error instanceof FulcrumError && error.kind !== 'failed') throw error
    const code = error instanceof FulcrumError ? error.code : 'generator-failed'
    return { measurement: null, findings: [{ severity: 'invalid', code, message: messageOf(error) }] }
  }
}

/** Starts to watch the GPUs of the deployment; null if there is nothing to watch. */
function gpusOf({ dependencies, plan }: RunContext): GpuWatch | null {
  const { gpus } = plan.sweep.telemetry
  return dependencies.gpuHosts === undefined || gpus === 'off' ? null : watchGpus(gpus, dependencies.gpuHosts())
}

/** A search can end a point that can no longer win. A grid needs all of each point. */
function mayEnd({ plan, dependencies }: RunContext, point: Point): { readonly isBeaten?: IsBeaten } {
  if (plan.sweep.search !== 'adaptive' || point.load.auto === undefined) return {}
  return { isBeaten: beatenBy(point, latestResults(dependencies.run.journal.lines)) }
}

function resultOf(point: Point, measurement: Measurement | null, findings: readonly Finding[]): PointResult {
  const against = findings.filter(finding => finding.severity === 'invalid')
  const reason = against
    .map(finding => finding.message)
    .join('; ')
    .replace(/\s+/g, ' ')
  const status = measurement === null ? 'failed' : against.length > 0 ? 'invalid' : 'ok'
  return { point, status, reason, findings, measurement }
}

function brokeFinding(problem: string): Finding {
  return { severity: 'invalid', code: deploymentBroke, message: `The deployment broke during this point: ${problem}` }
}

const timesMeasured = followed<Map<string, number>>(
  () => new Map(),
  (times, { event }) => {
    if (event.type === 'point') times.set(event.result.point.id, (times.get(event.result.point.id) ?? 0) + 1)
  },
)

/** Creates `points/<id>/`, or `<id>.2` if the point was measured before, without files of a killed attempt. */
async function emptyPointFolder(run: RunContext, point: Point): Promise<string> {
  const { folder, journal } = run.dependencies.run
  const before = timesMeasured(journal.lines).get(point.id) ?? 0
  const path = join(folder, 'points', before === 0 ? point.id : `${point.id}.${before + 1}`)
  try {
    await rm(path, { recursive: true, force: true })
    return path
  } catch (error) {
    throw diskError(error, 'clear the folder of a point', path)
  }
}

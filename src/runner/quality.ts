import { join } from 'node:path'
import type { JournalLine, PointResult } from '../journal/index.ts'
import { diskError, followed, isDiskRefusal } from '../journal/index.ts'
import { contentId, type Endpoint, FulcrumError, type Load, largest, type Point, rememberedOf } from '../model/index.ts'
import { checkQuality } from '../quality/check.ts'
import type { PlannedDeployment } from '../spec/sweep.ts'
import { messageOf } from './bring-up.ts'
import type { RunContext } from './context.ts'

/**
 * The next point at whose load to check quality; undefined if there is none. Depends only on the journal, so that a
 * resumed run decides the same. With `at: point`, each load level of each workload is checked at its first valid
 * repeat; with `at: deployment`, the valid point with the highest load, once the deployment has no more points to
 * measure.
 *
 * @param isDone whether the deployment has all the points that are wanted
 */
export function qualityDue(
  run: Pick<RunContext, 'plan'>,
  { points }: PlannedDeployment,
  lines: readonly JournalLine[],
  isDone: boolean,
): PointResult | undefined {
  const at = run.plan.sweep.quality?.at
  if (at === undefined || (at === 'deployment' && !isDone)) return undefined
  const planned = new Map(points.map((point, index) => [point.id, index]))
  const checked = checkedPoints(lines)
  const latest = resultsByDeployment(lines)
  const valid = [...(latest.get(points[0]?.deployment.id ?? '')?.values() ?? [])]
    .filter(({ point, status }) => planned.has(point.id) && status === 'ok')
    .toSorted((a, b) => (planned.get(a.point.id) ?? 0) - (planned.get(b.point.id) ?? 0))
  if (at === 'point') {
    const levels = Map.groupBy(valid, ({ point }) => levelOf(point))
    const open = [...levels.values()].find(repeats => repeats.every(({ point }) => !checked.has(point.id)))
    return open?.[0]
  }
  if (valid.some(({ point }) => checked.has(point.id))) return undefined
  const most = largest(valid.map(({ point }) => sizeOf(point.load)))
  return valid.find(({ point }) => sizeOf(point.load) === most)
}

/** Identifies a load level: equal for the repeats of a point. */
const levelOf = rememberedOf(({ workload, load: { seed: _, ...load } }: Point) => contentId({ workload, load }))

/**
 * A deployment that only lacks its quality check, because a run stopped before or during the check.
 * @param deferred ids of deferred deployments, which are skipped
 */
export function deploymentWithoutQuality(
  run: RunContext,
  deferred: ReadonlyMap<string, string>,
): PlannedDeployment | null {
  if (run.plan.sweep.quality === undefined) return null
  const { lines } = run.dependencies.run.journal
  return (
    run.plan.deployments.find(
      planned =>
        !deferred.has(planned.deployment.id) &&
        run.choice.point(planned, lines) === undefined &&
        qualityDue(run, planned, lines, true) !== undefined,
    ) ?? null
  )
}

/** Ids of the points at which quality was checked, successfully or not, since their last measurement. */
const checkedPoints: (lines: readonly JournalLine[]) => ReadonlySet<string> = followed<Set<string>>(
  () => new Set(),
  (checked, { event }) => {
    if (event.type === 'quality') checked.add(event.pointId)
    if (event.type === 'point') checked.delete(event.result.point.id)
  },
)

/** The latest result of each point, by its deployment. */
const resultsByDeployment = followed<Map<string, Map<string, PointResult>>>(
  () => new Map(),
  (latest, { event }) => {
    if (event.type !== 'point') return
    const { id, deployment } = event.result.point
    const own = latest.get(deployment.id) ?? new Map<string, PointResult>()
    latest.set(deployment.id, own.set(id, event.result))
  },
)

/** Size of a load, comparable among load levels of one sweep. */
function sizeOf({ level }: Load): number {
  switch (level.kind) {
    case 'concurrency':
      return level.concurrency
    case 'rate':
      return level.requestsPerS
    case 'stages':
      return largest(level.stages.map(({ requestsPerS }) => requestsPerS))
    case 'trace':
      return level.speed
  }
}

/** Requests in flight of a point: the concurrency of a closed loop, the measured mean of an open one. */
function concurrencyOf({ point, measurement }: PointResult): number {
  const { level } = point.load
  if (level.kind === 'concurrency') return level.concurrency
  return Math.max(1, Math.round(measurement?.client.inFlight?.mean ?? 1))
}

/**
 * Checks quality at the load of a measured point and records the outcome. A failed check is recorded too and not
 * repeated.
 * @throws the signal's reason, without a record; FulcrumError of kind environment or bad-input, because no other check
 *   could be made either
 */
export async function checkPointQuality(run: RunContext, result: PointResult, endpoint: Endpoint): Promise<void> {
  const { quality: wanted } = run.plan.sweep
  if (wanted === undefined) return
  const { point } = result
  const startS = run.elapsedS()
  const tell = (done: number, total: number | null) => run.tell({ step: 'checking-quality', point, done, total })
  tell(0, wanted.questions?.questions.length ?? null)
  const { folder } = run.dependencies.run
  const checkFolder = join(folder, 'quality', nameOf(run, point.id))
  try {
    const quality = await (run.dependencies.checkQuality ?? checkQuality)(wanted, {
      point,
      endpoint,
      concurrency: concurrencyOf(result),
      runFolder: folder,
      folder: checkFolder,
      signal: run.signal,
      onProgress: tell,
    })
    await record(run, result, { quality, reason: '', startS })
  } catch (error) {
    run.signal.throwIfAborted()
    if (isDiskRefusal(error)) throw diskError(error, 'write the files of a check of quality', checkFolder)
    if (error instanceof FulcrumError && error.kind !== 'failed') throw error
    await record(run, result, { quality: null, reason: messageOf(error), startS })
  }
}

/** Records that quality could not be checked because the deployment does not run. */
export async function recordUnchecked(run: RunContext, result: PointResult, reason: string): Promise<void> {
  await record(run, result, { quality: null, reason, startS: run.elapsedS() })
}

type Outcome = Pick<Extract<JournalLine['event'], { type: 'quality' }>, 'quality' | 'reason'> & {
  readonly startS: number
}

async function record(run: RunContext, { point }: PointResult, { quality, reason, startS }: Outcome): Promise<void> {
  const elapsedS = run.elapsedS() - startS
  const found = { pointId: point.id, deploymentId: point.deployment.id, quality, reason }
  await run.record({ type: 'quality', ...found, elapsedS })
  run.tell({ step: 'checked-quality', point, quality, reason, tookS: elapsedS })
}

const timesChecked = followed<Map<string, number>>(
  () => new Map(),
  (times, { event }) => {
    if (event.type === 'quality') times.set(event.pointId, (times.get(event.pointId) ?? 0) + 1)
  },
)

/** Folder name of a check. A point that is measured again is checked again, in a folder of its own. */
function nameOf({ dependencies }: RunContext, pointId: string): string {
  const before = timesChecked(dependencies.run.journal.lines).get(pointId) ?? 0
  return before === 0 ? pointId : `${pointId}.${before + 1}`
}

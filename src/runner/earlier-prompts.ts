import { loadLabel } from '../analysis/load-label.ts'
import type { JournalLine } from '../journal/index.ts'
import type { Finding, Measurement } from '../metrics/measurement.ts'
import { contentId, type Deployment, type Point, roles } from '../model/index.ts'
import { poolsOf } from '../plan/order/reconcile-cost.ts'

/**
 * What can be said of prompts that earlier points of the run sent, to workers that may still run: a prefix cache has
 * them. A dataset's rows are sent from the first on by every point. A generator makes the same prompts from the same
 * seed (`by-seed`), or a point's own (`fresh`): then only the same point measured again repeats them.
 */
export function earlierPrompts(
  point: Point,
  measurement: Measurement,
  lines: readonly JournalLine[],
  prompts: 'fresh' | 'by-seed',
): readonly Finding[] {
  const { load, workload } = point
  if (load.level.kind === 'trace' || workload.conversation !== undefined) return []
  let most = 0
  let label = ''
  for (const { event } of lines) {
    if (event.type !== 'point' || event.result.measurement === null) continue
    const earlier = event.result.point
    if (!haveSamePrompts(earlier, point, prompts) || !mayShareWorkers(earlier.deployment, point.deployment)) continue
    const sent = promptsSent(earlier, event.result.measurement)
    if (sent < most) continue
    most = sent
    label = loadLabel(earlier.load.level)
  }
  const { sent } = measurement.requests
  const repeated = requestsWithin(most, load.warmup, sent, measurement.prompts?.available ?? load.dataset)
  if (repeated === 0) return []
  const which = workload.datasetFile === undefined ? '' : ' of the dataset'
  return [
    {
      severity: 'warning',
      code: 'prompts-repeated',
      message: `${repeated === sent ? 'all' : repeated} of ${sent} requests had prompts${which} that an earlier point of this run sent (${label}): a server with a prefix cache answers them sooner`,
    },
  ]
}

/** Prompts, from the first on, that a point sent. */
const promptsSent = ({ load }: Point, { prompts, requests }: Measurement) =>
  Math.min(prompts?.available ?? load.dataset, load.warmup + requests.sent)

/** Of the requests behind the warm-up, those whose prompt is one of the first so many; prompts come round. */
function requestsWithin(first: number, warmup: number, sent: number, available: number): number {
  if (first >= available) return sent
  let within = 0
  for (let request = warmup; request < warmup + sent; request++) if (request % available < first) within++
  return within
}

function haveSamePrompts(one: Point, other: Point, prompts: 'fresh' | 'by-seed'): boolean {
  if (one.id === other.id) return true
  if (one.generator !== other.generator || one.load.api !== other.load.api) return false
  const content = ({ workload }: Point) => workload.datasetSha256 ?? workload.datasetFile
  if (content(one) !== undefined || content(other) !== undefined) return content(one) === content(other)
  if (prompts === 'fresh' || one.load.seed !== other.load.seed) return false
  return drawnFrom(one) === drawnFrom(other)
}

const drawnFrom = ({ workload: { isl, osl, prefix }, deployment: { model } }: Point) =>
  contentId({ isl, osl, prefix, model })

/** Whether workers of one deployment may be workers of the other still, when it was changed into it. */
function mayShareWorkers(one: Deployment, other: Deployment): boolean {
  if (one.id === other.id) return true
  const kindsOf = (deployment: Deployment) => {
    const pools = poolsOf(deployment)
    return roles.flatMap(role => pools[role]?.kind ?? [])
  }
  const kinds = new Set(kindsOf(one))
  return kindsOf(other).some(kind => kinds.has(kind))
}

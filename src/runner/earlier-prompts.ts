import { loadLabel } from '../analysis/load-label.ts'
import { followed, type JournalLine } from '../journal/index.ts'
import type { Finding, Measurement } from '../metrics/measurement.ts'
import { contentId, counted, type Deployment, type Point, rememberedOf, roles } from '../model/index.ts'
import { poolsOf } from '../plan/order/reconcile-cost.ts'

/**
 * A warning if earlier points of the run sent the same prompts to workers that may still run, because a prefix cache
 * holds them. Every point sends the rows of a dataset from the first one on. Generated prompts repeat for the same seed
 * (`by-seed`), or only when the same point is measured again (`fresh`).
 */
export function earlierPrompts(
  point: Point,
  measurement: Measurement,
  lines: readonly JournalLine[],
  prompts: 'fresh' | 'by-seed',
): readonly Finding[] {
  const { load, workload } = point
  if (load.level.kind === 'trace' || workload.conversation !== undefined) return []
  const sentWith = prompts === 'fresh' && contentOf(point) === undefined ? sentByPoint : sentByContent
  const earlier = sentWith(lines).get(sentWith.keyOf(point))?.values() ?? []
  let [most, label, at] = [0, '', -1]
  for (const each of earlier) {
    if (!mayShareWorkers(each.deployment, point.deployment)) continue
    if (each.prompts < most || (each.prompts === most && each.at < at)) continue
    ;[most, label, at] = [each.prompts, each.label, each.at]
  }
  const { sent } = measurement.requests
  const repeated = requestsWithin(
    most,
    warmedUp(load, measurement),
    sent,
    measurement.prompts?.available ?? load.dataset,
  )
  if (repeated === 0) return []
  const which = workload.datasetFile === undefined ? '' : ' of the dataset'
  return [
    {
      severity: 'warning',
      code: 'prompts-repeated',
      message: `${repeated === sent ? 'all' : repeated} of ${counted(sent, 'request')} had prompts${which} that an earlier point of this run sent (${label}): a server with a prefix cache answers them sooner`,
    },
  ]
}

/** Number of prompts that a point sent, from the first one on. */
const promptsSent = ({ load }: Point, measurement: Measurement) =>
  Math.min(measurement.prompts?.available ?? load.dataset, warmedUp(load, measurement) + measurement.requests.sent)

/** Requests before the window. */
const warmedUp = ({ warmup }: Point['load'], { warmUp }: Measurement) => warmUp?.requests ?? warmup

/** Requests after the warm-up whose prompt is one of the first `first` prompts. Prompts repeat cyclically. */
function requestsWithin(first: number, warmup: number, sent: number, available: number): number {
  if (first >= available) return sent
  let within = 0
  for (let request = warmup; request < warmup + sent; request++) if (request % available < first) within++
  return within
}

/** The largest number of prompts that a point of a deployment sent, from the first one on. */
interface Sent {
  readonly deployment: Deployment
  readonly prompts: number
  readonly label: string
  /** Index of the point's journal line. */
  readonly at: number
}

/** The prompts sent so far, by a key that points with equal prompts share, and by deployment. */
function sentBy(keyOf: (point: Point) => string) {
  const read = followed<Map<string, Map<string, Sent>>>(
    () => new Map(),
    (sent, { event, seq: at }) => {
      if (event.type !== 'point' || event.result.measurement === null) return
      const { point, measurement } = event.result
      const { deployment } = point
      const alike = sent.get(keyOf(point)) ?? new Map<string, Sent>()
      sent.set(keyOf(point), alike)
      const prompts = promptsSent(point, measurement)
      if (prompts < (alike.get(deployment.id)?.prompts ?? 0)) return
      alike.set(deployment.id, { deployment, prompts, label: loadLabel(point.load.level), at })
    },
  )
  return Object.assign(read, { keyOf })
}

/** Fresh prompts of a generator belong to one point. */
const sentByPoint = sentBy(({ id }) => id)

/** Other prompts depend on their dataset or on their seed and lengths. */
const sentByContent = sentBy(
  rememberedOf((point: Point) => {
    const { generator, load, workload, deployment } = point
    const { isl, osl, prefix } = workload
    const drawn = { seed: load.seed, isl, osl, prefix, model: deployment.model }
    return contentId({ generator, api: load.api, from: contentOf(point) ?? drawn })
  }),
)

/** The dataset, if there is one. */
const contentOf = ({ workload }: Point) => workload.datasetSha256 ?? workload.datasetFile

/** Whether a worker of one deployment may still run after Fulcrum changed it into the other. */
function mayShareWorkers(one: Deployment, other: Deployment): boolean {
  if (one.id === other.id) return true
  const kinds = kindsOf(one)
  return kindsOf(other).some(kind => kinds.includes(kind))
}

const kindsOf = rememberedOf((deployment: Deployment): readonly string[] => {
  const pools = poolsOf(deployment)
  return roles.flatMap(role => pools[role]?.kind ?? [])
})

import { loadLabel } from '../analysis/load-label.ts'
import { followed, type JournalLine } from '../journal/index.ts'
import type { Finding, Measurement } from '../metrics/measurement.ts'
import { contentId, counted, type Deployment, type Point, rememberedOf, roles } from '../model/index.ts'
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
  const sentWith = prompts === 'fresh' && contentOf(point) === undefined ? sentByPoint : sentByContent
  const earlier = sentWith(lines).get(sentWith.keyOf(point))?.values() ?? []
  let [most, label, at] = [0, '', -1]
  for (const each of earlier) {
    if (!mayShareWorkers(each.deployment, point.deployment)) continue
    if (each.prompts < most || (each.prompts === most && each.at < at)) continue
    ;[most, label, at] = [each.prompts, each.label, each.at]
  }
  const { sent } = measurement.requests
  const repeated = requestsWithin(most, load.warmup, sent, measurement.prompts?.available ?? load.dataset)
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

/** The most prompts, from the first on, that a point of a deployment sent. */
interface Sent {
  readonly deployment: Deployment
  readonly prompts: number
  readonly label: string
  /** Its place in the journal. */
  readonly at: number
}

/** What was sent by what has the same prompts, and by deployment. */
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

/** A generator's fresh prompts are a point's own. */
const sentByPoint = sentBy(({ id }) => id)

/** Prompts come from a dataset, or are made from a seed. */
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

/** Whether workers of one deployment may be workers of the other still, when it was changed into it. */
function mayShareWorkers(one: Deployment, other: Deployment): boolean {
  if (one.id === other.id) return true
  const kinds = kindsOf(one)
  return kindsOf(other).some(kind => kinds.includes(kind))
}

const kindsOf = rememberedOf((deployment: Deployment): readonly string[] => {
  const pools = poolsOf(deployment)
  return roles.flatMap(role => pools[role]?.kind ?? [])
})

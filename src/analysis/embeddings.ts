import { embedded } from '../metrics/figures/index.ts'
import { shortLoad } from './load-label.ts'
import type { MeasuredPoint } from './measured-point.ts'
import { meetsSlo, objectives } from './slo.ts'

/** Why points of the embeddings API are on no frontier. */
export const noFrontier = 'Embeddings generate no output tokens, so these points have no frontier.'

/**
 * The best point among those whose API generates no output, in a sentence: it is chosen by input tokens, because such
 * points have no frontier. Null for other points.
 */
export function bestEmbedding(points: readonly MeasuredPoint[]): string | null {
  const rateOf = ({ figures }: MeasuredPoint) => figures[embedded.name]?.mean ?? null
  const valid = points.filter(point => point.status === 'ok' && rateOf(point) !== null)
  const meeting = valid.filter(meetsSlo)
  const [best] = (meeting.length > 0 ? meeting : valid).toSorted((a, b) => (rateOf(b) ?? 0) - (rateOf(a) ?? 0))
  if (best === undefined) return null
  const hasSlo = objectives(best).length > 0
  const within = !hasSlo ? '' : meeting.length > 0 ? ' within the SLO' : ', but misses the SLO, as all points do'
  const latencyMs = best.figures.request_latency_p95_ms?.mean
  const latency = latencyMs === undefined ? '' : `, request latency p95 ${Math.round(latencyMs)} ms`
  const gpus = best.gpus === 1 ? '1 GPU' : `${best.gpus} GPUs`
  return `${best.label} at ${shortLoad(best.load.level)} embeds the most tokens per GPU${within}: ${Math.round(rateOf(best) ?? 0).toLocaleString('en-US')} tokens/s per GPU on ${gpus}${latency}.`
}

import type { Finding, Measurement } from '../measurement.ts'
import { amount, percent, time } from './figures.ts'

/** Share of the answers from which late chunks are reported: a busy machine delays some, a frontend delays most. */
const fewestLate = 0.5
/** Shorter delays are not told from the jitter of a network. */
const leastHeldMs = 5
/** Below this difference, genai-perf's definition is as good, so longer answers are advised up to it. */
const smallDifference = 0.05
/** Chunks at a time, and the time between such arrivals, from which bundling matters for a TTFT. */
const fewestBundled = 2
const leastBundleMs = 10

/** Reports chunks that arrived together or late, so that times between them are not those of the engine. */
export function judgeDelivery(measurement: Measurement): Finding[] {
  return [
    ...judgeOnePiece(measurement),
    ...judgeLateFirst(measurement),
    ...judgeLateLast(measurement),
    ...judgeBundles(measurement),
  ]
}

/** Reports answers whose tokens were held back and delivered together, so that their generation times are unknown. */
function judgeOnePiece({ onePiece = 0, itlMs, requests }: Measurement): Finding[] {
  if (onePiece === 0) return []
  const rest =
    itlMs === null
      ? 'There is no ITL and no tokens/s per user, the point is not on the frontier, and it does not meet an SLO on ITL'
      : `ITL and tokens/s per user describe the other ${amount(itlMs.count)} alone`
  return [
    {
      severity: 'warning',
      code: 'one-piece-answers',
      message: `${amount(onePiece)} of ${amount(requests.completed)} answers arrived in one piece, all or most tokens at once, so their decode speed is unknown. ${rest}. Look for a proxy that buffers responses, or a server that does not stream. If only first chunks are late, longer answers (a higher osl) have an ITL`,
    },
  ]
}

/** Whether the generator was too busy to tell when bytes arrived, to `ms`. Other findings report that. */
function isBlurred({ client: { stampUncertaintyMs } }: Measurement, ms: number): boolean {
  return (stampUncertaintyMs?.p99 ?? 0) > ms / 2
}

function judgeLateFirst(measurement: Measurement): Finding[] {
  const { delivery, outputTokensPerSPerUser: speed } = measurement
  const late = delivery?.lateFirst
  if (delivery === undefined || late === undefined || late === null) return []
  if (late.answers < fewestLate * delivery.answers || late.heldMs < leastHeldMs) return []
  if (isBlurred(measurement, late.heldMs)) return []
  const plain = delivery.plainOutputTokensPerSPerUser
  const differs = speed !== null && plain !== null && plain > (1 + smallDifference) * speed.mean
  const enough = Math.ceil((late.tokens / smallDifference + 1) / 10) * 10
  const figures = differs
    ? `. ITL and tokens/s per user are taken behind these tokens: ${amount(speed.mean)} tokens/s. genai-perf's definition gives ${amount(plain)}, and needs answers of ${amount(enough)} tokens to come within ${percent(smallDifference)}`
    : ''
  return [
    {
      severity: 'warning',
      code: 'late-first-chunk',
      message: `the first chunk of ${amount(late.answers)} of ${amount(delivery.answers)} answers came late: ${amount(late.tokens)} more tokens arrived with it, which take ${time(late.heldMs)}. TTFT includes that time${figures}. Look for a proxy that buffers the start of responses, or for Nagle's algorithm in the frontend (disaggregated Dynamo 1.4.2 and 1.6.1, on reused connections)`,
    },
  ]
}

function judgeLateLast(measurement: Measurement): Finding[] {
  const { delivery } = measurement
  const late = delivery?.lateLast
  if (delivery === undefined || late === undefined || late === null) return []
  if (late.answers < fewestLate * delivery.answers || isBlurred(measurement, late.gapMs)) return []
  return [
    {
      severity: 'warning',
      code: 'late-last-chunk',
      message: `the last chunk of ${amount(late.answers)} of ${amount(delivery.answers)} answers came ${time(late.gapMs)} after the one before it, the others ${time(late.otherGapMs)} apart. ITL, tokens/s per user and request latency include that time. Look for a proxy or frontend that holds back the end of responses`,
    },
  ]
}

function judgeBundles(measurement: Measurement): Finding[] {
  const later = measurement.delivery?.later
  if (later === undefined || later === null) return []
  if (later.chunks < fewestBundled || later.gapMs < leastBundleMs || isBlurred(measurement, later.gapMs)) return []
  return [
    {
      severity: 'note',
      code: 'bundled-chunks',
      message: `chunks arrived ${amount(later.chunks)} at a time, ${time(later.gapMs)} apart: either each step of the engine yields several tokens (speculative decoding), or a proxy or frontend bundles chunks. In the second case, TTFT includes the time of up to ${amount(later.chunks - 1)} more tokens. ITL and tokens/s per user are right in both`,
    },
  ]
}

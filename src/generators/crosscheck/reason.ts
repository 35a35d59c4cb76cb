import type { Measurement } from '../../metrics/measurement.ts'
import { counted, defaultLimits } from '../../model/index.ts'
import type { Figure } from './figures.ts'

/** A possible cause of a difference. It names its evidence: figures that match this cause. */
interface Suspect {
  /** @param slower the measurement with higher times or lower rates */
  readonly explain: (slower: Measurement, faster: Measurement, figure: Figure) => string | null
}

/** In order of precedence: the first one with evidence is named. */
const suspects: readonly Suspect[] = [
  { explain: failures },
  { explain: tokenCounts },
  { explain: promptLengths },
  { explain: answerLengths },
  { explain: lateSends },
  { explain: concurrencyNotReached },
  { explain: windows },
  { explain: startBurst },
  { explain: latency },
]

/**
 * Likely reason why two generators measure a figure of the same server differently.
 * @param by generator − against
 */
export function likelyReason(
  figure: Figure,
  generator: Measurement | null,
  against: Measurement | null,
  by: number,
): string {
  if (generator === null || against === null) return 'one of them has no measurement'
  const higherIsSlower = figure.unit !== '/s'
  const [slower, faster] = by > 0 === higherIsSlower ? [generator, against] : [against, generator]
  // Send and read times do not affect lengths.
  const possible = isLength(figure) ? suspects.filter(({ explain }) => ofLengths.has(explain)) : suspects
  for (const { explain } of possible) {
    const reason = explain(slower, faster, figure)
    if (reason !== null) return reason
  }
  return 'their reports show no reason; compare the prompts that each sends'
}

function failures(slower: Measurement, faster: Measurement): string | null {
  const worse = [slower, faster].toSorted((a, b) => b.requests.failed - a.requests.failed)[0]
  if (worse === undefined || worse.requests.failed === 0) return null
  return `${nameOf(worse)} failed ${worse.requests.failed} of ${counted(worse.requests.sent, 'request')}`
}

function tokenCounts(slower: Measurement, faster: Measurement, figure: Figure): string | null {
  if (!figure.countsTokens || slower.tokenSource === faster.tokenSource) return null
  const input = figure.key === 'islMean' ? slower.isl : slower.osl
  const other = figure.key === 'islMean' ? faster.isl : faster.osl
  if (!apart(input?.mean, other?.mean)) return null
  return `tokens are counted differently: ${nameOf(slower)} by ${slower.tokenSource} (${shown(input?.mean)}), ${nameOf(faster)} by ${faster.tokenSource} (${shown(other?.mean)})`
}

/** Longer prompts take longer to the first token, so requests take longer and their rate is lower. */
function promptLengths(slower: Measurement, faster: Measurement, figure: Figure): string | null {
  if (figure.key === 'oslMean' || figure.key === 'itlMean') return null
  const [slow, fast] = [slower.isl?.mean, faster.isl?.mean]
  if (!isEnough(slow, fast, figure, slower, faster)) return null
  return `prompts differ in length: ${nameOf(slower)} ${shown(slow)} tokens, ${nameOf(faster)} ${shown(fast)}`
}

function answerLengths(slower: Measurement, faster: Measurement, figure: Figure): string | null {
  if (figure.key === 'islMean' || figure.key === 'itlMean' || figure.title.startsWith('TTFT')) return null
  const [slow, fast] = [chunksOf(slower), chunksOf(faster)]
  if (!isEnough(slow, fast, figure, slower, faster)) return null
  return `answers differ in length: ${nameOf(slower)} ${shown(slow)} chunks a request, ${nameOf(faster)} ${shown(fast)}`
}

const chunksOf = ({ totals, requests }: Measurement) => totals.chunks / Math.max(1, requests.completed)

const ofLengths: ReadonlySet<Suspect['explain']> = new Set([failures, tokenCounts, promptLengths, answerLengths])

const isLength = ({ key }: Figure) => key === 'islMean' || key === 'oslMean'

/** A difference less than half as large as the figure's is not its cause. */
function isEnough(
  slow: number | undefined,
  fast: number | undefined,
  figure: Figure,
  slower: Measurement,
  faster: Measurement,
): boolean {
  const [ofSlower, ofFaster] = [figure.of(slower), figure.of(faster)]
  if (slow === undefined || fast === undefined || ofSlower === null || ofFaster === null) return false
  if (!apart(slow, fast) || (slow < fast && !isLength(figure))) return false
  return relative(slow, fast) >= relative(ofSlower, ofFaster) / 2
}

const relative = (a: number, b: number) => Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b))

function lateSends(slower: Measurement, _: Measurement, figure: Figure): string | null {
  const late = slower.client.sendLatenessMs
  // Nothing is sent between chunks.
  if (late === null || figure.key === 'itlMean' || late.p99 <= defaultLimits.sendLatenessP99Ms) return null
  return `${nameOf(slower)} sends late (mean ${shown(late.mean)} ms, p99 ${shown(late.p99)} ms after a request was due): it is overloaded, so its event loop also delays reading`
}

function concurrencyNotReached(slower: Measurement, faster: Measurement): string | null {
  const least = [slower, faster].toSorted((a, b) => inFlight(a) - inFlight(b))[0]
  const most = Math.max(inFlight(slower), inFlight(faster))
  if (least === undefined || !Number.isFinite(most) || inFlight(least) > 0.95 * most) return null
  return `${nameOf(least)} kept ${shown(inFlight(least))} requests in flight on average, the other ${shown(most)}: so their load on the server differed`
}

/**
 * One generator measures under full load, the other from an empty start to the last answer. The latter's first wave
 * waits in queues like no later one.
 */
function windows(slower: Measurement, faster: Measurement, figure: Figure): string | null {
  if ((slower.window ?? 'whole') === (faster.window ?? 'whole')) return null
  const steady = slower.window === 'steady' ? slower : faster
  const whole = steady === slower ? faster : slower
  const { whole: run } = steady
  if (run === undefined) return null
  const asWhole = figure.of({ ...steady, ...run })
  const [ofSteady, ofWhole] = [figure.of(steady), figure.of(whole)]
  // Evidence: with the same definition, the difference to the steady one's whole run is at most half as large.
  if (asWhole === null || ofSteady === null || ofWhole === null) return null
  if (Math.abs(asWhole - ofWhole) > Math.abs(ofSteady - ofWhole) / 2) return null
  return `their windows differ: ${nameOf(whole)} counts the whole run with its first wave and its end, ${nameOf(steady)} the steady part; the whole run of ${nameOf(steady)} has ${figure.title} ${shown(asWhole)} instead of ${shown(ofSteady)}`
}

/**
 * All slots start at once. A client that is still opening connections or compiling code reads late, but only at the
 * start.
 */
function startBurst(slower: Measurement, faster: Measurement, figure: Figure): string | null {
  if (figure.key !== 'ttftMean' && figure.key !== 'ttftP99' && figure.key !== 'latencyMean') return null
  const [slow, fast] = [slower.ttftMs, faster.ttftMs]
  if (slow === null || fast === null) return null
  const mean = slow.mean - fast.mean
  if (mean <= 0 || slow.p50 === null || fast.p50 === null || slow.p50 - fast.p50 > mean / 2) return null
  return `the medians agree (TTFT p50 ${shown(slow.p50)} and ${shown(fast.p50)} ms), but the tails do not: ${nameOf(slower)} reads late when many answers arrive at once, as at the start`
}

function latency(slower: Measurement, faster: Measurement, figure: Figure): string | null {
  const ttft = (slower.ttftMs?.mean ?? Number.NaN) - (faster.ttftMs?.mean ?? Number.NaN)
  const whole = (slower.requestLatencyMs?.mean ?? Number.NaN) - (faster.requestLatencyMs?.mean ?? Number.NaN)
  if (figure.unit === '/s' && whole > 0) {
    return `${nameOf(slower)} reads each answer ${shown(whole)} ms later, so that its slots send less often`
  }
  if (ttft > 0 && Math.abs(whole - ttft) < ttft / 2) {
    return `${nameOf(slower)} adds ${shown(ttft)} ms before the first token and nothing after it: its own time to send and to wake up`
  }
  if (whole > 0) {
    return `${nameOf(slower)} reads every chunk of an answer late: it lacks CPU for this rate of chunks`
  }
  return null
}

function inFlight(measurement: Measurement): number {
  return measurement.client.inFlight?.mean ?? Number.POSITIVE_INFINITY
}

/** More than 1% apart. */
function apart(a: number | undefined, b: number | undefined): boolean {
  return a !== undefined && b !== undefined && Math.abs(a - b) > 0.01 * Math.max(a, b)
}

function nameOf(measurement: Measurement): string {
  return measurement.generator.name
}

function shown(value: number | undefined): string {
  return value === undefined ? 'unknown' : Number(value.toPrecision(3)).toString()
}

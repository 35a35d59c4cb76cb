import type { LoadLevel, Point } from '../../model/index.ts'
import { samplesNeeded } from '../early-stopping.ts'
import type { Finding, Measurement } from '../measurement.ts'
import { wholeRunDiffers } from '../whole-run.ts'
import { amount, percent, time } from './figures.ts'

/** With fewer samples, a p95 is hardly more than the maximum. */
const fewestForP95 = 20
/** Allowed difference between client and server TTFT due to the network and the frontend. */
const ttftDifferenceShare = 0.2
const ttftDifferenceMs = 10

/** Checks whether the window was long and steady enough, and whether the server measured the same. */
export function judgeWindow(point: Point, measurement: Measurement): Finding[] {
  return [
    ...judgeSteady(point, measurement),
    ...judgeTtftTrend(measurement, point.load.level),
    ...judgeWarmUp(measurement),
    ...compareWhole(measurement),
    ...judgeSamples(point, measurement),
    ...judgeServerTtft(measurement),
  ]
}

function judgeSteady({ load: { level } }: Point, { steady, requests }: Measurement): Finding[] {
  if (level.kind === 'concurrency' && level.concurrency > 1 && requests.sent <= level.concurrency) {
    return [
      {
        severity: 'warning',
        code: 'no-steady-state',
        message: `all ${amount(requests.sent)} requests formed one wave: none was sent after another had ended. These are the latencies of a burst, and the throughput covers its rise and fall. For a steady load, raise load.requests to several per slot`,
      },
    ]
  }
  if (steady === null || steady.reached) return []
  const note = steady.note === undefined ? '' : `: ${steady.note}`
  return [
    {
      severity: 'warning',
      code: 'no-steady-state',
      message: `latency never became steady${note} (${steady.method}). The load exceeds the capacity of the deployment, or the point is too short: raise requests or warmup`,
    },
  ]
}

/**
 * Minimum relevant change of TTFT through the window, and its required certainty: 5% of windows without a trend exceed
 * it.
 */
const trendThatMatters = 0.1
const trendThatShows = 1.96

/**
 * Reports a steady window whose TTFT still falls: requests of equal lengths that were sent together stay together for
 * many rounds, and the first ones wait for each other. How often this detects such windows: docs/bench/window.md.
 */
export function judgeTtftTrend(measurement: Measurement, level: LoadLevel): Finding[] {
  const { window, steady, ttftTrend } = measurement
  if (window !== 'steady' || steady?.reached === false || ttftTrend === undefined || ttftTrend === null) return []
  const { change, z } = ttftTrend
  if (Math.abs(change) < trendThatMatters || Math.abs(z) < trendThatShows) return []
  const [direction, advice] =
    change < 0
      ? [
          'fell',
          `The load had not settled when the window began. For a TTFT of the settled load, ${longerWarmUp(measurement, level)}`,
        ]
      : ['rose', 'The load had not settled when the window ended. Raise load.requests to see where it settles']
  return [
    {
      severity: 'warning',
      code: 'ttft-drifts',
      message: `TTFT ${direction} by ${percent(Math.abs(change))} from the first to the last tenth of the window, so its percentiles describe a transition. ${advice}`,
    },
  ]
}

function longerWarmUp({ warmUp }: Measurement, level: LoadLevel): string {
  if (warmUp !== undefined) return 'raise max of warmup: auto'
  return level.kind === 'concurrency' ? 'write warmup: auto, or raise load.warmup' : 'raise load.warmup'
}

/** Reports where a window began if it waited until TTFT was steady. */
function judgeWarmUp({ warmUp }: Measurement): Finding[] {
  if (warmUp === undefined) return []
  const { reason, requests, max } = warmUp
  const [code, message] =
    reason === 'steady'
      ? ([
          'warmed-up',
          `the window began after ${amount(requests)} of at most ${amount(max)} requests, where TTFT no longer fell`,
        ] as const)
      : ([
          'warm-up-at-max',
          `TTFT still fell when the warm-up reached its maximum of ${amount(max)} requests. To wait longer, raise max of warmup: auto`,
        ] as const)
  return [{ severity: 'note', code, message }]
}

/** Reports the result of genai-perf's definition for the same run, if it differs. */
function compareWhole(measurement: Measurement): Finding[] {
  const differing = wholeRunDiffers(measurement)
  if (differing === null) return []
  const told = (of: 'steady' | 'whole') =>
    differing
      .flatMap(({ name, title, unit, [of]: value }) => {
        if (value === null) return []
        if (name === 'output_tokens_per_s') return [`${amount(value)} ${unit}`]
        return name === 'ttft_p95_ms' ? [`${title} ${time(value)}`] : []
      })
      .join(' and ')
  return [
    {
      severity: 'note',
      code: 'whole-run-differs',
      message: `The whole run, warm-up and end included, has ${told('whole')}; the steady window has ${told('steady')}. genai-perf and AIPerf count whole runs`,
    },
  ]
}

function judgeSamples(point: Point, measurement: Measurement): Finding[] {
  const samples = measurement.requestLatencyMs?.count ?? 0
  // A generator that counts no requests does not report the number of samples.
  const isUnknown = measurement.requests.isCompletedKnown === false
  if (isUnknown || samples === 0 || samples >= samplesNeeded(99)) return []
  const unearned = samples < samplesNeeded(95) ? 'p95 and p99 rest' : 'p99 rests'
  const sloOnTail = Object.values(point.slo).some(limit => limit !== undefined)
  return [
    {
      severity: sloOnTail && samples < fewestForP95 ? 'warning' : 'note',
      code: 'few-samples',
      message: `${unearned} on ${amount(samples)} samples; MLPerf's early stopping requires ${samplesNeeded(95)} for a p95 and ${samplesNeeded(99)} for a p99 (99% confidence)`,
    },
  ]
}

/** The frontend's own TTFT histogram in s, if it was scraped: any `…time_to_first_token_seconds`. */
function judgeServerTtft({ server, ttftMs, fromSend }: Measurement): Finding[] {
  // The server does not know the schedule, so this compares times from the send.
  const client = (fromSend?.ttftMs ?? ttftMs)?.mean
  const serverS = Object.entries(server?.frontend ?? {}).find(([name]) =>
    /(?<!_last_)time_to_first_token_seconds(\{|$)/.test(name),
  )?.[1].mean
  if (client === undefined || serverS === undefined || !(serverS > 0)) return []
  const serverMs = serverS * 1000
  const apart = client - serverMs
  if (Math.abs(apart) <= Math.max(ttftDifferenceMs, ttftDifferenceShare * serverMs)) return []
  const cause =
    apart > 0
      ? 'the difference comes from the network, a queue in front of the server, or the generator itself'
      : 'the server also counts other requests: warm-up, or other clients'
  return [
    {
      severity: 'warning',
      code: 'server-ttft-differs',
      message: `mean TTFT is ${time(client)} at the generator and ${time(serverMs)} at the server (${percent(Math.abs(apart) / serverMs)} apart): ${cause}`,
    },
  ]
}

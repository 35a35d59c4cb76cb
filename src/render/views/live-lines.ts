import type { Live } from '../../journal/live.ts'
import { counted, duration, figure, time } from './format.ts'

/** One live figure with its name. */
export interface LiveFigure {
  readonly name: string
  readonly value: string
}

/** The point in progress, in words. */
export interface LiveView {
  /** `2P1D, 8000/256, concurrency 16: measuring, 37 of 160 requests, 12 s`. */
  readonly what: string
  /** The load: requests in flight, tokens/s, latencies. */
  readonly load: readonly LiveFigure[]
  /** One line each: queues by role, GPUs by role. */
  readonly lines: readonly string[]
}

/** The live figures in words, without unknown ones. */
export function liveView(live: Live): LiveView {
  const { point, phase, done, total, failed } = live
  const repeat = point.repeat > 1 ? ` (repeat ${point.repeat})` : ''
  const requests =
    done === null ? '' : `, ${figure(done)}${total === null ? ' requests' : ` of ${counted(total, 'request')}`}`
  const failures = failed === null || failed === 0 ? '' : `, ${figure(failed)} failed`
  const label = `${point.deployment}, ${point.workload}, ${point.load}${repeat}`
  const from = live.seenBy === 'server' ? ' (server)' : ''
  return {
    what: `${label}: ${phase}${requests}${failures}, ${duration(live.elapsedS)}`,
    load: [
      ...latencyFigures(`TTFT${from}`, live.ttftMs),
      ...latencyFigures(`ITL${from}`, live.itlMs),
      ...(live.outputTokensPerS === null ? [] : [{ name: 'Output tokens/s', value: figure(live.outputTokensPerS) }]),
      ...(live.inFlight === null ? [] : [{ name: 'In flight', value: figure(live.inFlight) }]),
    ],
    lines: [...live.roles.map(roleText), ...live.gpus.map(gpuText)],
  }
}

/** The same as lines, for a terminal. */
export function liveLines(live: Live): readonly string[] {
  const { what, lines } = liveView(live)
  const from = live.seenBy === 'server' ? ', as the server sees it' : ''
  const latencies = [latencyText('TTFT', live.ttftMs), latencyText('ITL', live.itlMs)].filter(text => text !== '')
  const rates = [
    ...(live.outputTokensPerS === null ? [] : [`${figure(live.outputTokensPerS)} output tokens/s`]),
    ...(live.inFlight === null ? [] : [`${figure(live.inFlight)} in flight`]),
  ]
  return [
    what,
    ...(latencies.length === 0 ? [] : [`  ${latencies.join('; ')} so far${from}`]),
    ...(rates.length === 0 ? [] : [`  ${rates.join(', ')}`]),
    ...lines.map(line => `  ${line}`),
  ]
}

const latencyText = (name: string, latency: Live['ttftMs']): string => {
  const figures = latencyFigures('', latency).map(({ name: of, value }) => `${of.trim()} ${value}`)
  return figures.length === 0 ? '' : `${name} ${figures.join(', ')}`
}

function latencyFigures(name: string, latency: Live['ttftMs']): readonly LiveFigure[] {
  if (latency === null) return []
  return (['mean', 'p50', 'p95'] as const).flatMap(of =>
    latency[of] === null ? [] : [{ name: `${name} ${of}`, value: time(latency[of]) }],
  )
}

function roleText({ role, waiting, running, kvCache }: Live['roles'][number]): string {
  const said = [
    ...(running === null ? [] : [`${figure(running)} running`]),
    ...(waiting === null ? [] : [`${figure(waiting)} waiting`]),
    ...(kvCache === null ? [] : [`KV cache ${Math.round(100 * kvCache)}%`]),
  ]
  return `Each ${role} worker: ${said.join(', ')}`
}

function gpuText({ role, powerW, utilization }: Live['gpus'][number]): string {
  const said = [
    ...(utilization === null ? [] : [`${Math.round(100 * utilization)}% busy`]),
    ...(powerW === null ? [] : [`${figure(powerW)} W`]),
  ]
  return `Each ${role === null ? '' : `${role} `}GPU: ${said.length === 0 ? 'unknown' : said.join(', ')}`
}

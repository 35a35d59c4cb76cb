import { resolve } from 'node:path'
import { decimal } from '../../analysis/capacity/allowed.ts'
import { FulcrumError } from '../../model/index.ts'
import { type Path, quoted } from '../../yaml/problem.ts'
import { parseMix } from '../mix.ts'
import { capacitySchema } from './file-schema.ts'
import type { AskedCapacity } from './question.ts'

/** Flags of `fulcrum capacity` that replace a capacity file in simple cases, as text. */
export interface CapacityFlags {
  readonly rps?: string
  readonly meanRps?: string
  readonly users?: string
  readonly think?: string
  readonly trace?: string
  /** Unit of the trace's timestamps: s, ms, us or ns. */
  readonly traceUnit?: string
  /** `8000/256=0.7,1000/1000=0.3` */
  readonly mix?: string
  readonly day?: string
  readonly growth?: string
  readonly months?: string
  readonly sloTtftP95?: string
  readonly sloItlP95?: string
  readonly sloLatencyP95?: string
  readonly gpusPerNode?: string
  readonly nodes?: string
  readonly price?: string
  /** ISO 4217 code of the price's currency. */
  readonly currency?: string
  readonly nodesLost?: string
}

/** Key of a capacity file that each flag sets. */
const places = {
  rps: ['traffic', 'peak_requests_per_s'],
  meanRps: ['traffic', 'mean_requests_per_s'],
  users: ['traffic', 'users', 'count'],
  think: ['traffic', 'users', 'think_s'],
  trace: ['traffic', 'trace'],
  traceUnit: ['traffic', 'trace_unit'],
  mix: ['traffic', 'mix'],
  day: ['traffic', 'day'],
  growth: ['traffic', 'growth_per_month'],
  months: ['traffic', 'months'],
  sloTtftP95: ['slo', 'ttft_p95_ms'],
  sloItlP95: ['slo', 'itl_p95_ms'],
  sloLatencyP95: ['slo', 'request_latency_p95_ms'],
  gpusPerNode: ['fleet', 'gpus_per_node'],
  nodes: ['fleet', 'nodes'],
  price: ['fleet', 'gpu_price_per_hour'],
  currency: ['fleet', 'currency'],
  nodesLost: ['fleet', 'nodes_lost'],
} as const satisfies { readonly [flag in keyof CapacityFlags]-?: Path }

const texts: readonly string[] = ['trace', 'traceUnit', 'day', 'currency']
const demandFlags = ['rps', 'meanRps', 'users', 'trace'] as const

/** `--slo-ttft-p95` for `sloTtftP95`. */
export const flagName = (flag: string) => `--${flag.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`

/**
 * Turns flags into a capacity file.
 * @throws FulcrumError (bad-input, `capacity-flag`) that names the flag
 */
export function askedByFlags(flags: CapacityFlags): AskedCapacity {
  const given = demandFlags.filter(flag => flags[flag] !== undefined)
  if (given.length !== 1)
    throw badFlag(
      given.length === 0
        ? 'No amount of traffic is given.'
        : `${given.map(flagName).join(' and ')} cannot be combined.`,
      `Give one of ${demandFlags.map(flagName).join(', ')}.`,
    )
  const lonely = (flag: keyof CapacityFlags, needed: keyof CapacityFlags) => {
    if (flags[flag] !== undefined && flags[needed] === undefined)
      throw badFlag(
        `${flagName(flag)} has no effect without ${flagName(needed)}.`,
        `Add ${flagName(needed)}, or remove ${flagName(flag)}.`,
      )
  }
  lonely('traceUnit', 'trace')
  lonely('think', 'users')
  lonely('currency', 'price')
  if (flags.trace !== undefined && flags.mix !== undefined)
    throw badFlag('--trace and --mix cannot be combined.', 'Remove --mix: a trace has its own lengths.')
  const raw = { traffic: {}, fleet: { gpus_per_node: 8 } }
  for (const [flag, path] of Object.entries(places)) {
    const text = flags[flag as keyof CapacityFlags]
    if (text === undefined) continue
    put(raw, path, flag === 'mix' ? mixOf(text) : texts.includes(flag) ? text : numberOf(flag, text))
  }
  if (flags.users !== undefined && flags.think === undefined) put(raw, places.think, 30)
  const parsed = capacitySchema.safeParse(raw)
  if (!parsed.success) {
    const path = parsed.error.issues[0]?.path ?? []
    const [flag] = Object.entries(places).find(([, place]) => place.every((step, i) => path[i] === step)) ?? ['']
    throw badFlag(
      `Invalid ${flagName(flag)}: ${quoted(flags[flag as keyof CapacityFlags])}.`,
      wants(flag, flags[flag as keyof CapacityFlags]),
    )
  }
  return {
    raw: parsed.data,
    path: resolve('flags'),
    mistake: (_, wrong, right) => badFlag(`--mix: ${wrong}.`, right),
  }
}

const badFlag = (message: string, remedy: string) => new FulcrumError('bad-input', 'capacity-flag', message, { remedy })

const ranges: { readonly [flag: string]: string } = {
  day: 'Use flat, office or evening. A capacity file also takes 24 factors of your own.',
  traceUnit: 'Use s, ms, us or ns.',
  currency: 'Use an ISO 4217 code, such as EUR, USD or JPY.',
  users: 'Use a whole number of at least 1.',
  think: 'Use a number of at least 0.',
  growth: 'Use the growth per month, such as 0.05 or 5%, above -1 and at most 10.',
  months: 'Use a whole number from 0 to 120.',
  gpusPerNode: 'Use a whole number of at least 1.',
  nodes: 'Use a whole number of at least 1.',
  nodesLost: 'Use a whole number from 0 to 100.',
}

function wants(flag: string, text = ''): string {
  const exponent = /^[+-]?[\d.]+e[+-]?\d+$/i.test(text.trim()) && Number.isFinite(Number(text))
  return exponent ? 'Write the number in digits, without an exponent.' : (ranges[flag] ?? 'Use a number above 0.')
}

/** A decimal number, or a growth of `5%` as a share. NaN for any other text, which the schema rejects. */
function numberOf(flag: string, text: string): number {
  const digits = text.trim()
  if (!digits.endsWith('%')) return decimal(digits)
  return flag === 'growth' ? decimal(digits.slice(0, -1)) / 100 : Number.NaN
}

function mixOf(text: string): readonly { readonly workload: string; readonly share: number }[] {
  return [...parseMix(text)].map(([workload, share]) => ({ workload, share }))
}

function put(raw: { [key: string]: unknown }, [step = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) raw[step] = value
  else {
    const inner = (raw[step] ?? {}) as { [key: string]: unknown }
    raw[step] = inner
    put(inner, rest, value)
  }
}

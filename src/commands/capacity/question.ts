import { dirname, resolve } from 'node:path'
import type { WorkloadAnalysis } from '../../analysis/analyse.ts'
import { currencyCode } from '../../analysis/capacity/currency.ts'
import { dayShapes, normalisedDay } from '../../analysis/capacity/day-shape.ts'
import type { CapacityQuestion, Demand, Fleet, RequestClass, Traffic } from '../../analysis/capacity/question.ts'
import { trafficOfTrace } from '../../analysis/capacity/trace-traffic.ts'
import { readTrace, type Trace } from '../../generators/trace.ts'
import { nameOf, unitMs } from '../../generators/trace-time.ts'
import { canonicalJson, defined, FulcrumError, meanTokens, type Slo } from '../../model/index.ts'
import { readSlo } from '../../spec/sections/judgement.ts'
import { nearMiss } from '../../yaml/near-miss.ts'
import type { Path } from '../../yaml/problem.ts'
import type { RawCapacity } from './file-schema.ts'

/** A capacity question, and how to report a mistake in it that only shows beside the run. */
export interface AskedCapacity {
  readonly raw: RawCapacity
  /** Absolute. Relative paths start at its folder. */
  readonly path: string
  mistake(path: Path, wrong: string, right: string): FulcrumError
}

/**
 * The trace that the question names; null if it names none.
 * @throws FulcrumError (bad-input) if it is unreadable; `trace-no-rate` if all its requests have the same timestamp
 */
export async function traceOf({ raw, path }: AskedCapacity, signal: AbortSignal): Promise<Trace | null> {
  const { trace: file, trace_unit: unit } = raw.traffic
  if (file === undefined) return null
  const trace = await readTrace(resolve(dirname(path), file), signal, unit ?? 'inferred')
  if (trace.count > 1 && (trace.atMs.at(-1) ?? 0) > 0) return trace
  const what =
    trace.count === 1
      ? `${trace.file} has one request`
      : `All ${trace.count.toLocaleString('en-US')} requests in ${trace.file} have the same timestamp`
  throw new FulcrumError('bad-input', 'trace-no-rate', `${what}, so the trace has no request rate.`, {
    where: trace.file,
    remedy: 'Use a trace of at least one minute, or give the rate (--rps).',
  })
}

/** Guesses made to read a trace, one sentence each. */
function notesOn({ time, atMs, count, unanswered }: Trace): readonly string[] {
  const notes: string[] = []
  if (time.guessed !== null && time.unit !== 'date') {
    const perS = (1000 * (count - 1)) / (atMs.at(-1) ?? 1)
    const other = time.unit === 'ms' ? 's' : 'ms'
    const asOther = (perS * unitMs[time.unit]) / unitMs[other]
    notes.push(
      `The times of the trace have no unit. Fulcrum reads them as ${nameOf(time.unit)}, because ${time.guessed}. In ${nameOf(other)}, the mean would be ${rate(asOther)} requests/s instead of ${rate(perS)}. Set the unit with --trace-unit ${time.unit} or ${other} (trace_unit in a capacity file).`,
    )
  }
  if (unanswered > 0)
    notes.push(
      `${unanswered.toLocaleString('en-US')} of ${(unanswered + count).toLocaleString('en-US')} requests of the trace have no answer and are skipped.`,
    )
  return notes
}

const rate = (value: number) => Number(value.toPrecision(3)).toLocaleString('en-US', { maximumSignificantDigits: 3 })

/**
 * The question, completed with the workloads and the SLO of the run.
 * @throws FulcrumError (bad-input) for a workload that the run lacks
 */
export function questionOf(
  asked: AskedCapacity,
  workloads: readonly WorkloadAnalysis[],
  trace: Trace | null,
): CapacityQuestion {
  const { raw } = asked
  const { fleet } = raw
  return {
    traffic: trafficOf(asked, workloads, trace),
    slo: plannedSlo(asked, workloads),
    fleet: {
      gpusPerNode: fleet.gpus_per_node,
      nodes: fleet.nodes ?? null,
      ...priceOf(fleet, workloads),
      nodesLost: fleet.nodes_lost,
    },
  }
}

/** The price of the question, otherwise that of the run's sweep file if all its points have the same price. */
function priceOf(
  { gpu_price_per_hour: asked, currency }: AskedCapacity['raw']['fleet'],
  workloads: readonly WorkloadAnalysis[],
): Pick<Fleet, 'gpuPricePerHour' | 'currency' | 'pricePerKwh'> {
  if (asked !== undefined)
    return { gpuPricePerHour: asked, currency: currency === undefined ? null : currencyCode(currency) }
  const measured = workloads.flatMap(({ points }) => points.flatMap(({ valid }) => valid))
  const [first] = measured
  const isOne = new Set(measured.map(({ price }) => canonicalJson(price ?? null))).size === 1
  if (first?.price === undefined || !isOne) return { gpuPricePerHour: null, currency: null }
  const { perGpuHour, perKwh, currency: code } = first.price
  return { gpuPricePerHour: perGpuHour, currency: code, ...(perKwh === null ? {} : { pricePerKwh: perKwh }) }
}

/**
 * The objectives of the question, otherwise those of the run. Refuses objectives on reasoning, which plans do not
 * model.
 */
function plannedSlo(asked: AskedCapacity, workloads: readonly WorkloadAnalysis[]): Slo {
  const { slo: own } = asked.raw
  const slo = own === undefined ? sloOf(workloads) : readSlo(own)
  if (slo.ttfoP95Ms === undefined) return slo
  const [path, whose] =
    own === undefined ? [['traffic'], 'the SLO of the run limits'] : [['slo', 'ttfo_p95_ms'], 'slo limits']
  throw asked.mistake(
    path,
    `${whose} TTFO (ttfo_p95_ms), which capacity cannot plan for, because it depends on the length of reasoning`,
    'set slo with ttft_p95_ms, itl_p95_ms or request_latency_p95_ms',
  )
}

const sloOf = (workloads: readonly WorkloadAnalysis[]): Slo => workloads[0]?.points[0]?.slo ?? {}

function trafficOf(asked: AskedCapacity, workloads: readonly WorkloadAnalysis[], trace: Trace | null): Traffic {
  const { traffic } = asked.raw
  const growth = { growthPerMonth: traffic.growth_per_month, months: traffic.months }
  const day = typeof traffic.day === 'string' ? dayShapes[traffic.day] : traffic.day && normalisedDay(traffic.day)
  if (trace !== null) {
    const told = trafficOfTrace(trace, workloads.map(centreOf))
    return {
      ...told,
      ...growth,
      ...defined({ day }),
      notes: [...notesOn(trace), ...(told.notes ?? [])],
    }
  }
  return { demand: demandOf(traffic), mix: mixOf(asked, workloads), day: day ?? dayShapes.flat, ...growth }
}

function demandOf({ peak_requests_per_s: peak, mean_requests_per_s: mean, users }: RawCapacity['traffic']): Demand {
  if (users !== undefined) return { kind: 'users', users: users.count, thinkS: users.think_s }
  if (mean !== undefined) return { kind: 'mean', requestsPerS: mean }
  if (peak !== undefined) return { kind: 'peak', requestsPerS: peak }
  throw new RangeError('traffic without an amount')
}

const centreOf = ({ name, workload }: WorkloadAnalysis) => ({
  name,
  isl: meanTokens(workload.isl),
  osl: meanTokens(workload.osl),
})

function mixOf(asked: AskedCapacity, workloads: readonly WorkloadAnalysis[]): readonly RequestClass[] {
  const centres = workloads.map(centreOf)
  const { mix } = asked.raw.traffic
  const kinds =
    mix === undefined
      ? centres.map(centre => ({ ...centre, share: 1 }))
      : mix.map((entry, index) => {
          if (!('workload' in entry)) return { name: `${entry.isl}/${entry.osl}`, ...entry }
          const known = centres.find(centre => centre.name === entry.workload)
          if (known !== undefined) return { ...known, share: entry.share }
          const names = centres.map(({ name }) => name)
          const near = nearMiss(entry.workload, names)
          throw asked.mistake(
            ['traffic', 'mix', index, 'workload'],
            `the run has no workload ${JSON.stringify(entry.workload)}`,
            near === null
              ? `it has ${names.join(', ')}; other lengths are { isl: …, osl: … }`
              : `did you mean "${near}"?`,
          )
        })
  const all = kinds.reduce((sum, { share }) => sum + share, 0)
  return kinds.map(kind => ({ ...kind, share: kind.share / all }))
}

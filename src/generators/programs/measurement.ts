import { relative } from 'node:path'
import { distributionOf } from '../../metrics/distribution.ts'
import { type Finding, type Measurement, type TokenCounts, unknownHealth } from '../../metrics/measurement.ts'
import { phaseCode, type RequestRecords } from '../../metrics/records.ts'
import { summarise } from '../../metrics/summary.ts'
import type { Window } from '../../metrics/window.ts'
import { defined, meanTokens, type Point } from '../../model/index.ts'
import { datasetDeviation } from '../built-in/asked.ts'
import { slotsOf } from '../slots.ts'
import { errorsOf, originMs, type Row, recordsOf } from './rows.ts'

/** Output of a program's run from which to build a measurement. */
export interface ProgramResult {
  readonly version: string
  readonly rows: readonly Row[]
  /** Epoch ms of the first request of {@link rows}. */
  readonly startedAtMs: number
  readonly wallS: number
  /** Whether {@link Row.scheduledMs} is the program's own record of when a request was due. */
  readonly knowsSchedule: boolean
  /**
   * Part of the run in which the program kept its full load, on the rows' clock. If absent, figures are of the whole
   * run.
   */
  readonly steadyWindow?: Window
  /** Mean lengths that were sent, if the workload's are only labels, as with a trace. */
  readonly asked?: { readonly isl: number; readonly osl: number }
  readonly interChunkMs: Float64Array
  readonly tokenSource: Measurement['tokenSource']
  readonly tokenCounts: TokenCounts
  readonly remarks: readonly Finding[]
  readonly runFolder: string
  /** Absolute paths. */
  readonly files: readonly string[]
}

/**
 * Measurement of a point by a program other than the built-in generator, with the same definitions applied to its
 * records.
 */
export function measurementOf(point: Point, result: ProgramResult): Measurement {
  const { workload, load } = point
  const openLoop = load.level.kind !== 'concurrency'
  const { steadyWindow } = result
  const origin = originMs(result.rows)
  const bounds = steadyWindow && { startMs: steadyWindow.startMs - origin, endMs: steadyWindow.endMs - origin }
  const records = recordsOf(result.rows)
  const measured = result.rows.filter(row => steadyWindow === undefined || isSentWithin(row.sentMs, steadyWindow))
  const summary = summarise(bounds === undefined ? records : inPhases(records, bounds), {
    ...defined({ steadyWindow: bounds }),
    from: openLoop && result.knowsSchedule ? 'scheduled' : 'sent',
    slo: point.slo,
    asked: result.asked ?? { isl: meanTokens(workload.isl), osl: meanTokens(workload.osl) },
    slots: slotsOf(load, { turns: 1, thinkMs: 0, startGapMs: 0 }),
  })
  return {
    generator: { name: point.generator, version: result.version },
    startedAt: new Date(result.startedAtMs + (bounds?.startMs ?? 0)).toISOString(),
    wallS: result.wallS,
    errors: errorsOf(measured),
    ...summary,
    ...(result.asked === undefined ? {} : { deviation: datasetDeviation(workload, summary) }),
    ...(steadyWindow && {
      warmupRequests: load.warmup + result.rows.filter(({ sentMs }) => sentMs < steadyWindow.startMs).length,
    }),
    interChunkMs: distributionOf(result.interChunkMs),
    tokenSource: result.tokenSource,
    tokenCounts: result.tokenCounts,
    client: {
      ...unknownHealth,
      sendLatenessMs: result.knowsSchedule ? summary.client.sendLatenessMs : null,
      inFlight: summary.client.inFlight,
    },
    remarks: [cannotVouch(point, result.knowsSchedule), ...result.remarks],
    files: result.files.map(file => relative(result.runFolder, file)),
  }
}

const isSentWithin = (sentMs: number, { startMs, endMs }: Window) => sentMs >= startMs && sentMs <= endMs

/** Marks requests before a window as warm-up, and those after it as only maintaining the load. */
function inPhases(records: RequestRecords, window: Window): RequestRecords {
  const phase = records.phase.map((_, row) => {
    const sentMs = records.sentMs[row] ?? Number.NaN
    return phaseCode(isSentWithin(sentMs, window) ? 'measured' : sentMs < window.startMs ? 'warm-up' : 'after')
  })
  return { ...records, phase }
}

function cannotVouch(point: Point, knowsSchedule: boolean): Finding {
  const silent = knowsSchedule ? 'how busy it was' : 'how late it sent or how busy it was'
  return {
    severity: 'note',
    code: 'client-unknown',
    message: `${point.generator} does not say ${silent}: delays of its own would count as the server's`,
  }
}

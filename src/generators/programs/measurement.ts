import { relative } from 'node:path'
import { distributionOf } from '../../metrics/distribution.ts'
import { type Finding, type Measurement, type TokenCounts, unknownHealth } from '../../metrics/measurement.ts'
import { summarise } from '../../metrics/summary.ts'
import { meanTokens, type Point } from '../../model/index.ts'
import { slotsOf } from '../slots.ts'
import { errorsOf, type Row, recordsOf } from './rows.ts'

/** What a program's run left to make a measurement of. */
export interface ProgramResult {
  readonly version: string
  readonly rows: readonly Row[]
  /** Epoch ms of the first measured request. */
  readonly startedAtMs: number
  readonly wallS: number
  /** Whether {@link Row.scheduledMs} is the program's own record of when a request was due. */
  readonly knowsSchedule: boolean
  readonly interChunkMs: Float64Array
  readonly tokenSource: Measurement['tokenSource']
  readonly tokenCounts: TokenCounts
  readonly remarks: readonly Finding[]
  readonly runFolder: string
  /** Absolute paths. */
  readonly files: readonly string[]
}

/**
 * The measurement of a point by a program other than the built-in generator: the same definitions, over its records.
 */
export function measurementOf(point: Point, result: ProgramResult): Measurement {
  const { workload, load } = point
  const openLoop = load.level.kind !== 'concurrency'
  const summary = summarise(recordsOf(result.rows), {
    from: openLoop && result.knowsSchedule ? 'scheduled' : 'sent',
    slo: point.slo,
    asked: { isl: meanTokens(workload.isl), osl: meanTokens(workload.osl) },
    slots: slotsOf(load, { turns: 1, thinkMs: 0, startGapMs: 0 }),
  })
  return {
    generator: { name: point.generator, version: result.version },
    startedAt: new Date(result.startedAtMs).toISOString(),
    wallS: result.wallS,
    errors: errorsOf(result.rows),
    ...summary,
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

function cannotVouch(point: Point, knowsSchedule: boolean): Finding {
  const silent = knowsSchedule ? 'how busy it was' : 'how late it sent or how busy it was'
  return {
    severity: 'note',
    code: 'client-unknown',
    message: `${point.generator} doesn't say ${silent}: its own delay would read as the server's`,
  }
}

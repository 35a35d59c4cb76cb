import type { ModelShare } from '../model/index.ts'
import { latenciesOf } from './definitions.ts'
import { distributionOf } from './distribution.ts'
import type { Measurement } from './measurement.ts'
import { type LatencyFrom, pickRequests, type RequestRecords } from './records.ts'

/** Figures of each of the mixed models, over its own measured requests. */
export function byModel(
  records: RequestRecords,
  mix: readonly ModelShare[],
  from: LatencyFrom,
): NonNullable<Measurement['models']> {
  return mix.map(({ name, weight }, model) => {
    const rows = Array.from(records.model.keys()).filter(row => records.model[row] === model)
    const own = pickRequests(records, rows)
    const { ttftMs, itlMs, requestLatencyMs } = latenciesOf(own, from)
    const answered = own.error.reduce((sum, code) => sum + (code === 0 ? 1 : 0), 0)
    return {
      name,
      weight,
      requests: { sent: own.count, completed: answered, failed: own.count - answered },
      ttftMs: distributionOf(ttftMs),
      itlMs: distributionOf(itlMs),
      requestLatencyMs: distributionOf(requestLatencyMs),
      osl: distributionOf(own.outputTokens.map((tokens, row) => (own.error[row] === 0 ? tokens : Number.NaN))),
    }
  })
}

import { ratesOf } from './definitions.ts'
import type { Measurement } from './measurement.ts'

/** A measurement in which everything that was not observed is null; a count of requests is, where nobody counted the failed ones. */
export type ObservedMeasurement = Omit<Measurement, 'durationS' | 'requests' | 'whole'> & {
  readonly durationS: number | null
  readonly requests: { readonly sent: number | null; readonly completed: number; readonly failed: number | null }
  readonly whole?: Omit<NonNullable<Measurement['whole']>, 'durationS'> & { readonly durationS: number | null }
}

/**
 * A measurement as others should read it. Journals of before, and the types that every generator fills, have a 0 where a rate, a
 * duration or a count of failures could not be told: those become null.
 */
export function observed(measurement: Measurement): ObservedMeasurement {
  const { durationS, requests, whole, totals, isl, osl } = measurement
  const rates = ratesOf(measurement)
  const { sent, completed, failed, isFailedKnown } = requests
  const isAnswered = completed > 0
  return {
    ...measurement,
    ...rates,
    durationS: lengthOf(durationS),
    // A goodput of 0 over no time is no goodput.
    goodputPerS: rates.requestsPerS === null ? null : measurement.goodputPerS,
    requests: isFailedKnown === false ? { sent: null, completed, failed: null } : { sent, completed, failed },
    totals: {
      ...totals,
      inputTokens: isAnswered && isl === null ? null : totals.inputTokens,
      outputTokens: isAnswered && osl === null ? null : totals.outputTokens,
    },
    ...(whole === undefined
      ? {}
      : { whole: { ...whole, ...ratesOf({ ...whole, isl, osl }), durationS: lengthOf(whole.durationS) } }),
  }
}

const lengthOf = (durationS: number) => (durationS > 0 ? durationS : null)

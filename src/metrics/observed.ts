import { goodputOf, ratesOf } from './definitions.ts'
import type { Measurement } from './measurement.ts'

/** A measurement with null for everything that was not observed, including counts of requests. */
export type ObservedMeasurement = Omit<Measurement, 'durationS' | 'requests' | 'whole'> & {
  readonly durationS: number | null
  readonly requests: { readonly sent: number | null; readonly completed: number | null; readonly failed: number | null }
  readonly whole?: Omit<NonNullable<Measurement['whole']>, 'durationS'> & { readonly durationS: number | null }
}

/**
 * Converts a measurement for other programs. Older journals have 0 for an unknown rate, duration or failure count; the
 * result has null.
 */
export function observed(measurement: Measurement): ObservedMeasurement {
  const { durationS, requests, whole, totals, isl, osl } = measurement
  const { sent, completed, failed, isFailedKnown, isCompletedKnown } = requests
  const isAnswered = completed > 0
  return {
    ...measurement,
    ...ratesOf(measurement),
    durationS: lengthOf(durationS),
    goodputPerS: goodputOf(measurement),
    requests:
      isFailedKnown === false
        ? { sent: null, completed: isCompletedKnown === false ? null : completed, failed: null }
        : { sent, completed, failed },
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

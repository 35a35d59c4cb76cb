import type { LengthRange } from '../../generators/length-range.ts'
import { meanTokens, type ValidityLimits, type Workload } from '../../model/index.ts'

/** A length in a workload that differs from what will be sent. */
export interface LengthDeviation {
  readonly key: 'isl' | 'osl'
  readonly wrong: string
  /** Correction for the sweep file. */
  readonly right: string
}

/**
 * Lengths of a workload from which a file's content deviates by more than the validity limits.
 * @param source kind of file for messages: `dataset`, `trace`
 */
export function lengthDeviations(
  workload: Pick<Workload, 'isl' | 'osl'>,
  facts: { readonly isl: LengthRange; readonly osl: LengthRange },
  { islDeviation, oslDeviation }: Pick<ValidityLimits, 'islDeviation' | 'oslDeviation'>,
  source: string,
): readonly LengthDeviation[] {
  const limits = [['isl', islDeviation] as const, ['osl', oslDeviation] as const]
  return limits.flatMap(([key, limit]) => {
    const stated = meanTokens(workload[key])
    const { mean, min, max } = facts[key]
    if (Math.abs(mean - stated) / stated <= limit) return []
    const wrong = `${key} is ${amount(stated)}, but the ${source}'s mean is ${amount(mean)} tokens (${amount(min)} to ${amount(max)})`
    return [{ key, wrong, right: `write ${key}: ${Math.round(mean)}` }]
  })
}

/** `1,234`, `12.3`. */
export const amount = (value: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 })

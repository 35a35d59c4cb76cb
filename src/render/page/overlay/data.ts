/** Data of an overlay page, stored by column, because 40,000 points as objects would be ten times as large. */
export interface OverlayData {
  readonly runs: readonly OverlayRunData[]
  readonly axes: readonly OverlayAxis[]
  readonly workloads: readonly string[]
  readonly facets: readonly { readonly name: string; readonly title: string; readonly values: readonly string[] }[]
  /** Interned texts; columns refer to them by index. */
  readonly texts: readonly string[]
  readonly points: OverlayColumns
  /** Initial state of the chart. */
  readonly first: { readonly x: string; readonly y: string; readonly workload: string }
}

/** A run of the overlay. */
export interface OverlayRunData {
  readonly label: string
  readonly runId: string
  /** Names of conditions that differ from those of the first run. */
  readonly conditions: readonly string[]
  /** Planned points without a result. */
  readonly missing: number
}

/** A figure that an axis can show. */
export interface OverlayAxis {
  readonly name: string
  readonly title: string
  readonly unit: string
  readonly better: 'lower' | 'higher'
  readonly available: boolean
}

/** Whole numbers, or alternating values and counts if that is shorter. */
export type Packed = readonly number[] | { readonly runs: readonly number[] }

/** Points as columns of equal length. */
export interface OverlayColumns {
  readonly run: Packed
  readonly workload: Packed
  /** Indices of values, by facet. */
  readonly facets: readonly Packed[]
  /** Indices of texts. */
  readonly kind: Packed
  readonly deployment: Packed
  readonly load: Packed
  readonly reason: Packed
  readonly gpus: Packed
  /** Indices of {@link statuses}. */
  readonly status: Packed
  /** Indices of {@link sloAnswers}. */
  readonly slo: Packed
  readonly valid: Packed
  readonly repeats: Packed
  /** Ids of the point's repeats, separated by spaces. */
  readonly ids: readonly string[]
  /** Means over the valid repeats by axis; null if there are none. Only available axes. */
  readonly figures: { readonly [axis: string]: readonly (number | null)[] }
}

/** Statuses of a point; pages store their index. */
export const statuses = ['ok', 'invalid', 'failed'] as const

/** Whether a point meets the SLO; pages store the index. */
export const sloAnswers = ['no SLO', 'yes', 'no'] as const

/** The shorter encoding of a column of whole numbers. */
export function packed(values: readonly number[]): Packed {
  const runs: number[] = []
  let last: number | undefined
  let count = 0
  for (const value of values) {
    if (value === last) count++
    else {
      if (last !== undefined) runs.push(last, count)
      last = value
      count = 1
    }
  }
  if (last !== undefined) runs.push(last, count)
  return runs.length < values.length ? { runs } : values
}

/** A column of {@link packed}. */
export function unpacked(column: Packed, length: number): Uint32Array {
  if (!('runs' in column)) return Uint32Array.from(column)
  const values = new Uint32Array(length)
  let at = 0
  for (let i = 0; i < column.runs.length; i += 2) {
    const count = column.runs[i + 1] ?? 0
    values.fill(column.runs[i] ?? 0, at, at + count)
    at += count
  }
  return values
}

import type { Finding } from '../../metrics/measurement.ts'

/** A figure as the program states it, and as its own record of requests gives it. */
export interface StatedFigure {
  readonly name: string
  readonly stated: number | undefined
  /** Null where the record doesn't say. */
  readonly recorded: number | null | undefined
}

/** genai-perf rounds ITL to whole ns and AIPerf times of day to µs; anything above this is no rounding. */
const tolerance = 0.005

/** Figures of a program's summary that its own record doesn't bear out. */
export function disagreements(generator: string, figures: readonly StatedFigure[]): Finding[] {
  const wrong = figures.flatMap(({ name, stated, recorded }) => {
    if (stated === undefined || recorded === undefined || recorded === null) return []
    if (Math.abs(stated - recorded) <= tolerance * Math.max(Math.abs(stated), Math.abs(recorded))) return []
    return [`${name} ${shown(stated)}, by its record ${shown(recorded)}`]
  })
  if (wrong.length === 0) return []
  return [
    {
      severity: 'warning',
      code: 'summary-disagrees',
      message: `${generator}'s summary differs from its own record of requests: ${wrong.join('; ')}. Fulcrum uses the record`,
    },
  ]
}

function shown(value: number): string {
  return Number(value.toPrecision(4)).toString()
}

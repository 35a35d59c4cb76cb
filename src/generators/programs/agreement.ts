import type { Finding } from '../../metrics/measurement.ts'

/** A figure from the program's summary, and the same figure computed from its own record of requests. */
export interface StatedFigure {
  readonly name: string
  readonly stated: number | undefined
  /** Null if the record does not contain it. */
  readonly recorded: number | null | undefined
}

/**
 * genai-perf rounds ITL to whole ns, and AIPerf rounds times of day to µs. Larger relative differences are not
 * rounding.
 */
const tolerance = 0.005

/** Figures in a program's summary that contradict its own record. */
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

import type { Length, Point } from '../../model/index.ts'

/** Token lengths as genai-perf and AIPerf draw them: normally distributed. */
export interface NormalLength {
  readonly mean: number
  readonly stddev: number
}

/** A workload in terms that both programs support. */
export interface ProgramWorkload {
  readonly isl: NormalLength
  readonly osl: NormalLength
  /** Prefix prompts, placed before the drawn prompt. Their tokens are already subtracted from {@link isl}. */
  readonly prefix: { readonly count: number; readonly tokens: number } | null
}

/** Converts a workload for a program's flags; its lengths must be supported by the program. */
export function programWorkload({ workload }: Pick<Point, 'workload'>): ProgramWorkload {
  const isl = normalOf(workload.isl)
  const osl = normalOf(workload.osl)
  if (workload.prefix === undefined) return { isl, osl, prefix: null }
  const tokens = Math.round(workload.prefix.share * isl.mean)
  return {
    isl: { mean: Math.max(1, isl.mean - tokens), stddev: isl.stddev },
    osl,
    prefix: { count: workload.prefix.count, tokens },
  }
}

function normalOf(length: Length): NormalLength {
  if (length.kind === 'fixed') return { mean: length.tokens, stddev: 0 }
  if (length.kind === 'normal') return { mean: length.mean, stddev: length.stddev }
  throw new TypeError(`no generator program has flags for a ${length.kind} distribution`)
}

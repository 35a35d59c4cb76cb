import type { Length, Point } from '../../model/index.ts'

/** Token lengths as genai-perf and AIPerf draw them: normal around a mean. */
export interface NormalLength {
  readonly mean: number
  readonly stddev: number
}

/** A workload in the terms that both programs share. */
export interface ProgramWorkload {
  readonly isl: NormalLength
  readonly osl: NormalLength
  /** Prefix prompts, put before the drawn prompt; their tokens are taken off {@link isl} already. */
  readonly prefix: { readonly count: number; readonly tokens: number } | null
}

/** The workload for a program's flags; of lengths that the program's capabilities have. */
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

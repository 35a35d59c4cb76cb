import type { GeneratorName, Length, Point } from '../../model/index.ts'
import { FulcrumError } from '../../model/index.ts'

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

/**
 * The point's workload for a program's flags.
 * @throws FulcrumError bad-input `generator-cannot` when the program has no flag for it
 */
export function programWorkload(point: Point): ProgramWorkload {
  const { workload, generator } = point
  if (workload.datasetFile !== undefined) throw cannot(generator, 'a dataset file')
  if (workload.conversation !== undefined) throw cannot(generator, 'conversations')
  const isl = normalOf(workload.isl, generator, 'isl')
  const osl = normalOf(workload.osl, generator, 'osl')
  if (workload.prefix === undefined) return { isl, osl, prefix: null }
  const tokens = Math.round(workload.prefix.share * isl.mean)
  return {
    isl: { mean: Math.max(1, isl.mean - tokens), stddev: isl.stddev },
    osl,
    prefix: { count: workload.prefix.count, tokens },
  }
}

/** Why a peer can't stop by what it has measured. */
export const fixedBeforeStart =
  'requests: auto, because it is told how many requests to send before it starts (a number, such as requests: 10x, works)'

/** What a peer can't do that the built-in generator can. */
export function cannot(generator: GeneratorName, what: string): FulcrumError {
  return new FulcrumError('bad-input', 'generator-cannot', `the generator ${generator} can't do ${what}`, {
    remedy: 'write generator: built-in',
  })
}

function normalOf(length: Length, generator: GeneratorName, which: string): NormalLength {
  if (length.kind === 'fixed') return { mean: length.tokens, stddev: 0 }
  if (length.kind === 'normal') return { mean: length.mean, stddev: length.stddev }
  throw cannot(generator, `${which} with a ${length.kind} distribution`)
}

import { largest } from './numbers/extremes.ts'

/** A length in tokens of the model's tokenizer. */
export type Length =
  | { readonly kind: 'fixed'; readonly tokens: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly stddev: number }
  | { readonly kind: 'lognormal'; readonly mean: number; readonly stddev: number }
  | { readonly kind: 'uniform'; readonly min: number; readonly max: number }
  | { readonly kind: 'empirical'; readonly values: readonly { readonly tokens: number; readonly weight: number }[] }

/** The mean of a length distribution, in tokens. */
export function meanTokens(length: Length): number {
  switch (length.kind) {
    case 'fixed':
      return length.tokens
    case 'normal':
    case 'lognormal':
      return length.mean
    case 'uniform':
      return (length.min + length.max) / 2
    case 'empirical': {
      const weight = length.values.reduce((sum, value) => sum + value.weight, 0)
      return length.values.reduce((sum, value) => sum + value.tokens * value.weight, 0) / weight
    }
  }
}

/**
 * Length that an engine must have room for, in tokens: two standard deviations above the mean if there is no upper
 * limit.
 */
export function longestOf(length: Length): number {
  switch (length.kind) {
    case 'fixed':
      return length.tokens
    case 'uniform':
      return length.max
    case 'empirical':
      return largest(length.values.map(({ tokens }) => tokens))
    default:
      return Math.ceil(length.mean + 2 * length.stddev)
  }
}

/** Lengths and content of a point's requests. */
export interface Workload {
  /** Short label; default: lengths such as `8000/256`. */
  readonly name: string
  readonly isl: Length
  readonly osl: Length
  /** Shared prefixes: `share` (0–1) of each prompt comes from one of `count` distinct prefixes. */
  readonly prefix?: { readonly share: number; readonly count: number }
  /** JSONL file of messages or prompts instead of synthetic prompts; absolute path. */
  readonly datasetFile?: string
  /** SHA-256 of that file's content, hex; absent in runs of versions that did not record it. */
  readonly datasetSha256?: string
  /** Multi-turn conversations: number of turns, and think time between them, which is constant unless it is spread. */
  readonly conversation?: {
    readonly turns: number
    readonly thinkMs: number
    readonly thinkSpread?: 'exponential'
  }
}

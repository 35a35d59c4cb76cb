/** Spelling of a unit wherever figures appear. */
interface UnitSpelling {
  /** Ending of a figure's name; optional in `--fail-on`. */
  readonly ending: string
  /** OpenMetrics requires base units: their name, and the factor of conversion. */
  readonly base: { readonly name: string; readonly factor: number }
  /**
   * Spellings in a limit of `--fail-on`, whose case is free, and the factor that converts each to this unit. An empty
   * one stands for the number alone.
   */
  readonly spellings: { readonly [spelling: string]: number }
}

/** All units of figures. The value of a `%` figure is a share from 0 to 1. */
export const units = {
  ms: { ending: '_ms', base: { name: 'seconds', factor: 1e-3 }, spellings: { ms: 1, s: 1000 } },
  '%': { ending: '', base: { name: 'ratio', factor: 1 }, spellings: { '%': 0.01 } },
  'requests/s': {
    ending: '',
    base: { name: 'requests_per_second', factor: 1 },
    spellings: { 'requests/s': 1, 'req/s': 1, rps: 1 },
  },
  'tokens/s': {
    ending: '',
    base: { name: 'tokens_per_second', factor: 1 },
    spellings: { 'tokens/s': 1, 'tok/s': 1 },
  },
  'tokens/s/user': {
    ending: '',
    base: { name: 'tokens_per_second', factor: 1 },
    spellings: { 'tokens/s/user': 1, 'tok/s/user': 1, 'tokens/s': 1, 'tok/s': 1 },
  },
  'tokens/s/GPU': {
    ending: '',
    base: { name: 'tokens_per_second', factor: 1 },
    spellings: { 'tokens/s/GPU': 1, 'tok/s/GPU': 1, 'tokens/s': 1, 'tok/s': 1 },
  },
  'tokens/s/MW': {
    ending: '',
    base: { name: 'tokens_per_second_per_megawatt', factor: 1 },
    spellings: { 'tokens/s/MW': 1, 'tok/s/MW': 1 },
  },
  tokens: { ending: '', base: { name: 'tokens', factor: 1 }, spellings: { tokens: 1, '': 1 } },
  J: { ending: '_j', base: { name: 'joules', factor: 1 }, spellings: { J: 1, kJ: 1000 } },
  W: { ending: '_w', base: { name: 'watts', factor: 1 }, spellings: { W: 1, kW: 1000 } },
  'per 1M tokens': {
    ending: '',
    base: { name: 'per_million_tokens', factor: 1 },
    spellings: { '': 1, 'per 1M tokens': 1 },
  },
  MiB: { ending: '_mib', base: { name: 'bytes', factor: 2 ** 20 }, spellings: { MiB: 1, GiB: 1024 } },
} as const satisfies { readonly [unit: string]: UnitSpelling }

/** Unit of a figure, as shown beside its values. */
export type Unit = keyof typeof units

/** Spellings of a unit in a limit, each with its factor. */
export const spellingsOf = (unit: Unit): { readonly [spelling: string]: number } => units[unit].spellings

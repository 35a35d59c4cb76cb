import type { Json } from '../model/index.ts'

/** Arguments by name, as the sweep file writes them. */
export type Arguments = { readonly [name: string]: Json }

/** Normalizes a name: `kv_bytes_per_token`, `kv-bytes-per-token` and `--kv-bytes-per-token` are the same argument. */
export function argumentName(key: string): string {
  return key.replace(/^-+/, '').replaceAll('_', '-')
}

/** Merges arguments under one spelling each. Later sources win. */
export function mergeArguments(...sources: readonly (Arguments | undefined)[]): Arguments {
  const merged: { [name: string]: Json } = {}
  for (const source of sources)
    for (const [key, value] of Object.entries(source ?? {})) merged[argumentName(key)] = value
  return merged
}

/**
 * Converts arguments to a command line: `--key value`. `true` becomes a bare flag, `false` and `null` are omitted, a
 * list repeats the argument, and a map becomes JSON.
 */
export function commandLine(args: Arguments): readonly string[] {
  return Object.entries(args).flatMap(([key, value]) => {
    const flag = `--${argumentName(key)}`
    const values = Array.isArray(value) ? (value as readonly Json[]) : [value]
    return values.flatMap(item => {
      if (item === false || item === null) return []
      return item === true ? [flag] : [flag, typeof item === 'string' ? item : JSON.stringify(item)]
    })
  })
}

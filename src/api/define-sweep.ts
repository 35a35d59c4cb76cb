import type { z } from 'zod'
import type { ShippedDeploy } from '../deployers/index.ts'
import type { ShippedGenerator } from '../generators/index.ts'
import type { Json } from '../model/index.ts'
import type { sweepSchema } from '../spec/schema/sweep.ts'

/** A deeply read-only type, so that constant lists can be used where a list is expected. */
export type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [key in keyof T]: Frozen<T[key]> }
    : T

/**
 * A sweep as in a sweep file or in TypeScript: the keys and units of docs/reference/sweep-file.md, without defaults.
 * Relative paths start at the folder of the file that contains the sweep.
 *
 * @example
 * ```ts
 * import type { SweepInput } from 'fulcrum'
 *
 * const load: SweepInput['load'] = { concurrency: [1, 4, 16], requests: '10x', warmup: '2x' }
 * console.log(load)
 * ```
 */
export type SweepInput = Frozen<
  Omit<z.input<typeof sweepSchema>, 'deploy' | 'generator'> & {
    deploy: ShippedDeploy | { with: PluginName; [key: string]: Json }
    generator?: ShippedGenerator | PluginName | { name: PluginName; [key: string]: Json } | undefined
  }
>

/**
 * A plug-in: the path of a module, or a package. An unscoped package must begin with `fulcrum-`, so that a misspelled
 * name of a shipped deployer or generator is an error.
 */
type PluginName = `./${string}` | `../${string}` | `/${string}` | `@${string}/${string}` | `fulcrum-${string}`

/**
 * Defines a sweep in TypeScript, so that editors complete and check its keys. Returns the sweep unchanged. Its values
 * are checked when `fulcrum run sweep.ts`, {@link planSweep} or {@link runSweep} reads it.
 *
 * @example
 * ```ts
 * import { defineSweep } from 'fulcrum'
 *
 * const ratios = [1, 2, 3].map(prefill => ({ prefill, decode: 4 - prefill }))
 *
 * export default defineSweep({
 *   name: 'ratios',
 *   model: 'nvidia/DeepSeek-R1-FP4',
 *   deploy: { with: 'simulated', profile: 'deepseek-r1-fp4-gb200' },
 *   topologies: [{ aggregated: 4 }, ...ratios],
 *   workloads: ['8000/24', '1000/40'],
 *   load: { concurrency: [1, 4, 16], requests: '3x', warmup: '1x' },
 *   slo: { ttft_p95_ms: 1000, itl_p95_ms: 25 },
 * })
 * ```
 */
export function defineSweep(sweep: SweepInput): SweepInput {
  return sweep
}

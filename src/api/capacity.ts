import { resolve } from 'node:path'
import type { z } from 'zod'
import type { capacitySchema } from '../commands/capacity/file-schema.ts'
import type { CapacityPlanned } from '../commands/capacity.ts'
import type { Run } from '../journal/run.ts'
import { defined } from '../model/index.ts'
import type { Frozen } from './define-sweep.ts'

/**
 * Traffic, SLO and machines to plan capacity for: the keys and units of docs/reference/capacity-file.md.
 *
 * @example
 * ```ts
 * import type { CapacityInput } from 'fulcrum'
 *
 * const question: CapacityInput = {
 *   traffic: { peak_requests_per_s: 20, mix: [{ workload: '8000/256', share: 1 }], growth_per_month: 0.05, months: 6 },
 *   slo: { ttft_p95_ms: 2000, itl_p95_ms: 25 },
 *   fleet: { gpus_per_node: 8, nodes: 12 },
 * }
 * console.log(question)
 * ```
 */
export type CapacityInput = Frozen<Omit<z.input<typeof capacitySchema>, 'run'>>

/**
 * Options of {@link capacity}.
 *
 * @example
 * ```ts
 * import type { CapacityOptions } from 'fulcrum'
 *
 * const options: CapacityOptions = { folder: '/data/traces', twin: 'results/nightly/twin.json' }
 * console.log(options)
 * ```
 */
export interface CapacityOptions {
  /** Folder that relative paths of traces start from; default: the working directory. */
  readonly folder?: string
  /** A fitted twin to replay the plan on; default: the one in the run's folder, if there is one. */
  readonly twin?: string
  /** Stops reading a long trace. */
  readonly signal?: AbortSignal
}

/**
 * A capacity plan: `plan` is the answer with its candidates, evidence and caveats; `markdown` is its report.
 *
 * @example
 * ```ts
 * import type { CapacityAnswer } from 'fulcrum'
 *
 * export const gpusOf = ({ plan }: CapacityAnswer): number | null => plan.best?.gpus ?? null
 * ```
 */
export type CapacityAnswer = CapacityPlanned

/**
 * Plans capacity from a run: which deployment, and how many GPUs and nodes of it, serve the traffic within the SLO.
 * `plan.best` is null if no measured deployment does.
 *
 * @throws FulcrumError `bad-input` that lists every problem of the question, one a line, or names the workload that the
 *   run lacks
 *
 * @example
 * ```ts
 * import { capacity, readRun } from 'fulcrum'
 *
 * const run = await readRun('results/nightly/20261124T020000Z-bbbbbb')
 * const { plan } = await capacity(run, {
 *   traffic: { peak_requests_per_s: 20 },
 *   slo: { ttft_p95_ms: 2000, itl_p95_ms: 25 },
 *   fleet: { gpus_per_node: 8 },
 * })
 * console.log(plan.best === null ? 'no measured deployment serves this' : `${plan.best.gpus} GPUs`)
 * ```
 */
export async function capacity(
  run: Run,
  question: CapacityInput,
  { folder = '.', twin, signal = new AbortController().signal }: CapacityOptions = {},
): Promise<CapacityAnswer> {
  const [{ answerFrom }, { capacityOfValue }] = await Promise.all([
    import('../commands/capacity.ts'),
    import('../commands/capacity/read-file.ts'),
  ])
  const asked = capacityOfValue(question, resolve(folder))
  return answerFrom(run, asked, { signal, ...defined({ twin }) })
}

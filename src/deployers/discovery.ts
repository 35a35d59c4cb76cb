import { z } from 'zod'
import type { Role } from '../model/index.ts'

/**
 * How many workers a frontend sees. Every backend registers prefill workers as component `prefill`, and decode and
 * aggregated ones alike as `backend`: those two are told apart by what was started.
 */
export interface Registered {
  readonly prefill: number
  readonly serving: number
}

/** What `GET /health` of a Dynamo frontend lists, as far as it is read. */
const healthSchema = z.object({
  instances: z.array(z.object({ namespace: z.string(), component: z.string(), endpoint: z.string() })).optional(),
})

/**
 * Counts the workers that a frontend has in its discovery; its list holds those of all namespaces.
 * @throws TypeError, SyntaxError or ZodError when there is no such answer
 */
export async function registeredWorkers(url: string, namespace: string, signal: AbortSignal): Promise<Registered> {
  const all = (await registeredInstances(url, signal)) ?? []
  const mine = all.filter(instance => instance.namespace === namespace)
  const prefill = mine.filter(instance => instance.prefill).length
  return { prefill, serving: mine.length - prefill }
}

/**
 * The workers of every namespace that a frontend has in its discovery; null when it answers without such a list.
 * @throws TypeError, SyntaxError or ZodError when there is no such answer
 */
export async function registeredInstances(
  url: string,
  signal: AbortSignal,
): Promise<readonly { readonly namespace: string; readonly prefill: boolean }[] | null> {
  const answer = await fetch(`${url}/health`, { signal })
  const { instances } = healthSchema.parse(await answer.json())
  const workers = instances?.filter(({ endpoint }) => endpoint === 'generate') ?? null
  return workers === null
    ? null
    : workers.map(({ namespace, component }) => ({ namespace, prefill: component === 'prefill' }))
}

/** Where what is registered differs from the workers that should be, in words; empty when it is exactly those. */
export function differences(
  registered: Registered,
  workers: readonly { readonly role: Role; readonly registers?: number }[],
): readonly string[] {
  const count = (some: typeof workers) => some.reduce((sum, { registers = 1 }) => sum + registers, 0)
  const prefill = count(workers.filter(worker => worker.role === 'prefill'))
  const serving = count(workers) - prefill
  const role = workers.find(worker => worker.role !== 'prefill')?.role ?? 'decode'
  return [
    ...(registered.prefill === prefill ? [] : [`${registered.prefill} of ${prefill} prefill workers registered`]),
    ...(registered.serving === serving ? [] : [`${registered.serving} of ${serving} ${role} workers registered`]),
  ]
}

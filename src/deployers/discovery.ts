import { z } from 'zod'
import type { Role } from '../model/index.ts'

/**
 * Number of workers that a frontend sees. Every backend registers prefill workers as component `prefill`, and both
 * decode and aggregated workers as `backend`; what was started tells these two apart.
 */
export interface Registered {
  readonly prefill: number
  readonly serving: number
}

/** The part of a Dynamo frontend's `GET /health` that Fulcrum reads. */
const healthSchema = z.object({
  instances: z.array(z.object({ namespace: z.string(), component: z.string(), endpoint: z.string() })).optional(),
})

/**
 * Counts the workers in a frontend's discovery, over all namespaces.
 * @throws TypeError, SyntaxError or ZodError for an invalid response
 */
export async function registeredWorkers(url: string, namespace: string, signal: AbortSignal): Promise<Registered> {
  const all = (await registeredInstances(url, signal)) ?? []
  const mine = all.filter(instance => instance.namespace === namespace)
  const prefill = mine.filter(instance => instance.prefill).length
  return { prefill, serving: mine.length - prefill }
}

/**
 * The workers of every namespace in a frontend's discovery; null if the response has no such list.
 * @throws TypeError, SyntaxError or ZodError for an invalid response
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

/** Differences between registered and expected workers, in words; empty if there are none. */
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

import { connect } from 'node:net'
import { z } from 'zod'
import type { Role } from '../model/index.ts'

/**
 * Number of workers that a frontend sees. Every backend registers prefill workers as component `prefill`, and both
 * decode and aggregated workers as `backend`. Only the started workers distinguish these two.
 */
export interface Registered {
  readonly prefill: number
  readonly serving: number
  /** `host:port` of each worker whose address discovery reports. Absent if it reports none. */
  readonly addresses?: readonly string[]
}

/** The part of a Dynamo frontend's `GET /health` that Fulcrum reads. */
const healthSchema = z.object({
  instances: z
    .array(
      z.object({
        namespace: z.string(),
        component: z.string(),
        endpoint: z.string(),
        // `host:port/…`; a subject if NATS is the request plane.
        transport: z.object({ tcp: z.string().optional() }).nullish().catch(null),
      }),
    )
    .optional(),
})

/**
 * Counts the workers in a frontend's discovery, over all namespaces.
 * @throws TypeError, SyntaxError or ZodError for an invalid response
 */
export async function registeredWorkers(url: string, namespace: string, signal: AbortSignal): Promise<Registered> {
  const all = (await registeredInstances(url, signal)) ?? []
  const mine = all.filter(instance => instance.namespace === namespace)
  const prefill = mine.filter(instance => instance.prefill).length
  const addresses = mine.flatMap(({ address }) => address ?? [])
  return { prefill, serving: mine.length - prefill, ...(addresses.length === 0 ? {} : { addresses }) }
}

/**
 * The workers of every namespace in a frontend's discovery; null if the response has no such list.
 * @throws TypeError, SyntaxError or ZodError for an invalid response
 */
export async function registeredInstances(url: string, signal: AbortSignal): Promise<readonly Instance[] | null> {
  const answer = await fetch(`${url}/health`, { signal })
  const { instances } = healthSchema.parse(await answer.json())
  const workers = instances?.filter(({ endpoint }) => endpoint === 'generate') ?? null
  return workers === null
    ? null
    : workers.map(({ namespace, component, transport }) => ({
        namespace,
        prefill: component === 'prefill',
        address: transport?.tcp?.split('/')[0],
      }))
}

/** A worker in a frontend's discovery. */
export interface Instance {
  readonly namespace: string
  readonly prefill: boolean
  /** `host:port`; absent if discovery does not report it. */
  readonly address?: string | undefined
}

/**
 * Addresses that are registered more than once, in words. Every worker has a separate port. So either one process
 * registered twice, or a killed worker used the same port and its lease has not expired. In both cases, the frontend
 * would send requests to the wrong one.
 */
export function registeredTwice(addresses: readonly string[]): readonly string[] {
  return [...Map.groupBy(addresses, address => address)].flatMap(([address, { length }]) =>
    length < 2 ? [] : [`the worker at ${address} is registered ${length === 2 ? 'twice' : `${length} times`}`],
  )
}

/**
 * Differences between registered and expected workers, in words; empty if there are none. A worker that is registered
 * twice counts as a difference even if another is missing and the totals agree.
 */
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
    ...registeredTwice(registered.addresses ?? []),
  ]
}

/** Whether discovery lists more workers than were started, or lists one of them twice. */
export function hasSurplus(
  registered: Registered,
  workers: readonly { readonly role: Role; readonly registers?: number }[],
): boolean {
  const wanted = workers.reduce((sum, { registers = 1 }) => sum + registers, 0)
  return registered.prefill + registered.serving > wanted || registeredTwice(registered.addresses ?? []).length > 0
}

const answerLimitMs = 2_000

/** Addresses at which nothing listens any more; only an unexpired lease remains. */
async function deserted(addresses: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(answerLimitMs)])
  const distinct = [...new Set(addresses)]
  const answers = await Promise.all(distinct.map(address => listens(address, limit)))
  signal.throwIfAborted()
  return distinct.filter((_, i) => answers[i] === false)
}

/** False only if the connection is refused. An address that does not respond in time may still be in use. */
function listens(address: string, signal: AbortSignal): Promise<boolean> {
  const at = address.lastIndexOf(':')
  return new Promise(resolve => {
    const socket = connect({
      host: address.slice(0, at).replace(/^\[|\]$/g, ''),
      port: Number(address.slice(at + 1)),
      signal,
    })
    const say = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => say(true))
    socket.once('error', error => say(!('code' in error && error.code === 'ECONNREFUSED')))
  })
}

/** Describes surplus workers: leases of ended workers, and addresses of those that still respond. */
export async function surplusInWords(
  { addresses = [] }: Registered,
  signal: AbortSignal,
): Promise<{ readonly words: readonly string[]; readonly lingers: boolean }> {
  const gone = await deserted(addresses, signal)
  const there = [...new Set(addresses)].filter(address => !gone.includes(address))
  return {
    lingers: gone.length > 0,
    words: [
      ...gone.map(address => `nobody listens at ${address}: the lease of a worker that ended has not run out`),
      ...(there.length === 0 ? [] : [`registered workers that answer: ${there.join(', ')}`]),
    ],
  }
}

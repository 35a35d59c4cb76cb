import { z } from 'zod'
import { defined, parsedJson, type Role } from '../../model/index.ts'
import type { DynamoServeConfig } from './config.ts'
import { serviceOf } from './service-file.ts'

/**
 * One registered instance of a service in etcd, as written by Dynamo 0.3: `instances/NAMESPACE/SERVICE/ENDPOINT:LEASE`.
 */
export interface Registration {
  readonly key: string
  readonly service: string
  readonly lease: string
  /** Name of the instance's service on NATS, such as `dynamo_tensorrtllmworker`; absent if not registered. */
  readonly natsService?: string
}

const rangeSchema = z.object({
  kvs: z.array(z.object({ key: z.string(), value: z.string().default('') })).default([]),
})
const instanceSchema = z.object({ transport: z.object({ nats_tcp: z.string() }) })
const prefix = 'instances/'
/** First key after all keys with the prefix. */
const prefixEnd = 'instances0'

const base64 = (text: string) => Buffer.from(text).toString('base64')

/**
 * All instances that etcd lists now. A killed one stays until its lease expires, about 10 s.
 * @throws TypeError, SyntaxError or ZodError if etcd's response is invalid
 */
export async function registrations(etcdUrl: string, signal: AbortSignal): Promise<readonly Registration[]> {
  const body = JSON.stringify({ key: base64(prefix), range_end: base64(prefixEnd) })
  const answer = await fetch(`${originOf(etcdUrl)}/v3/kv/range`, { method: 'POST', body, signal })
  const { kvs } = rangeSchema.parse(await answer.json())
  const text = (encoded: string) => Buffer.from(encoded, 'base64').toString()
  return kvs.flatMap(({ key, value }) => parseRegistration(text(key), text(value)) ?? [])
}

function originOf(etcdUrl: string): string {
  const [first = etcdUrl] = etcdUrl.split(',')
  return first.includes('://') ? first : `http://${first}`
}

/**
 * Revokes a lease as a process does when it ends normally, so that its registrations disappear. Ignores a lease that
 * has already expired, and an etcd that does not respond, because the lease will then expire by itself.
 * @param lease hexadecimal, as {@link Registration.lease}
 */
export async function revokeLease(etcdUrl: string, lease: string, signal: AbortSignal): Promise<void> {
  const body = JSON.stringify({ ID: BigInt(`0x${lease}`).toString() })
  await fetch(`${originOf(etcdUrl)}/v3/lease/revoke`, { method: 'POST', body, signal }).catch(() => {})
  signal.throwIfAborted()
}

/** Parses a key and the instance in its value; null if the key has another form. */
export function parseRegistration(key: string, value = ''): Registration | null {
  const [, service, lease] = /^instances\/[^/]+\/([^/]+)\/.*:([0-9a-f]+)$/.exec(key) ?? []
  if (service === undefined || lease === undefined) return null
  // The subject of an endpoint: SERVICE.ENDPOINT-LEASE.
  const [natsService] = instanceSchema.safeParse(parsedJson(value)).data?.transport.nats_tcp.split('.') ?? []
  return { key, service, lease, ...defined({ natsService }) }
}

/** Workers that should be listed: those that stay during a change, and those that it started. */
export interface Expected {
  /** Keys listed before the new workers started. */
  readonly before: ReadonlySet<string>
  readonly kept: readonly { readonly role: Role }[]
  readonly started: readonly { readonly role: Role }[]
}

/**
 * Differences between listed and expected instances, in words; empty if there are none. Old and new keys are counted
 * separately, so that a stopped worker that is still listed never counts as a new one.
 */
export function registrationDifferences(
  listed: readonly Registration[],
  expected: Expected,
  config: DynamoServeConfig,
): readonly string[] {
  const isOld = ({ key }: Registration) => expected.before.has(key)
  const old = listed.filter(isOld)
  const fresh = listed.filter(registration => !isOld(registration))
  const services = new Map((['prefill', 'decode', 'aggregated'] as const).map(role => [serviceOf(config, role), role]))
  return [...services.keys()].flatMap(service => {
    const wanted = (workers: readonly { readonly role: Role }[]) =>
      workers.filter(worker => serviceOf(config, worker.role) === service).length
    const [kept, started] = [wanted(expected.kept), wanted(expected.started)]
    const [oldCount, freshCount] = [instancesOf(old, service), instancesOf(fresh, service)]
    return [
      ...(oldCount > kept ? [`${oldCount - kept} stopped ${service} still in discovery`] : []),
      ...(oldCount < kept ? [`${oldCount} of ${kept} running ${service} in discovery`] : []),
      ...(freshCount === started ? [] : [`${freshCount} of ${started} new ${service} registered`]),
    ]
  })
}

/** Instances of a service; each has one key per endpoint. */
function instancesOf(listed: readonly Registration[], service: string): number {
  return new Set(listed.filter(one => one.service === service).map(one => one.lease)).size
}

import { z } from 'zod'
import type { Role } from '../../model/index.ts'
import type { DynamoServeConfig } from './config.ts'
import { serviceOf } from './service-file.ts'

/**
 * One registered instance of a service, as Dynamo 0.3 writes it into etcd:
 * `instances/NAMESPACE/SERVICE/ENDPOINT:LEASE`.
 */
export interface Registration {
  readonly key: string
  readonly service: string
  readonly lease: string
}

const rangeSchema = z.object({ kvs: z.array(z.object({ key: z.string() })).default([]) })
const prefix = 'instances/'
/** The first key after all that begin with the prefix. */
const prefixEnd = 'instances0'

const base64 = (text: string) => Buffer.from(text).toString('base64')

/**
 * All instances that etcd lists now. One that was killed stays until its lease runs out, about 10 s.
 * @throws TypeError, SyntaxError or ZodError when etcd gives no such answer
 */
export async function registrations(etcdUrl: string, signal: AbortSignal): Promise<readonly Registration[]> {
  const body = JSON.stringify({ key: base64(prefix), range_end: base64(prefixEnd), keys_only: true })
  const answer = await fetch(`${originOf(etcdUrl)}/v3/kv/range`, { method: 'POST', body, signal })
  const { kvs } = rangeSchema.parse(await answer.json())
  return kvs.flatMap(({ key }) => parseRegistration(Buffer.from(key, 'base64').toString()) ?? [])
}

function originOf(etcdUrl: string): string {
  const [first = etcdUrl] = etcdUrl.split(',')
  return first.includes('://') ? first : `http://${first}`
}

/**
 * Gives a lease back, as a process that ends in good order would: what it registered is no longer listed. One that has
 * run out meanwhile is no error, nor is an etcd that does not answer: then the lease runs out by itself.
 * @param lease hexadecimal, as {@link Registration.lease}
 */
export async function revokeLease(etcdUrl: string, lease: string, signal: AbortSignal): Promise<void> {
  const body = JSON.stringify({ ID: BigInt(`0x${lease}`).toString() })
  await fetch(`${originOf(etcdUrl)}/v3/lease/revoke`, { method: 'POST', body, signal }).catch(() => {})
  signal.throwIfAborted()
}

/** Reads a key; null for one of another form. */
export function parseRegistration(key: string): Registration | null {
  const [, service, lease] = /^instances\/[^/]+\/([^/]+)\/.*:([0-9a-f]+)$/.exec(key) ?? []
  return service === undefined || lease === undefined ? null : { key, service, lease }
}

/** The workers that should be listed: those that were there before a change and stay, and those that it started. */
export interface Expected {
  /** Keys that were listed before the new workers started. */
  readonly before: ReadonlySet<string>
  readonly kept: readonly { readonly role: Role }[]
  readonly started: readonly { readonly role: Role }[]
}

/**
 * Where what is listed differs from what should be, in words; empty when it is exactly that. Old and new keys are
 * counted apart, so that a stopped worker, which lingers, never passes for a new one.
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

/** Instances of a service: one has a key for each of its endpoints. */
function instancesOf(listed: readonly Registration[], service: string): number {
  return new Set(listed.filter(one => one.service === service).map(one => one.lease)).size
}

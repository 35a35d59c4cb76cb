import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import type { Finding, Measurement } from '../../../src/metrics/measurement.ts'
import { judge } from '../../../src/metrics/validity.ts'
import { FulcrumError } from '../../../src/model/index.ts'
import { answer, scriptedServer } from '../../mock-server/scripted.ts'
import type { PointChanges } from '../built-in/setting.ts'
import { measureAt, pointOf } from '../built-in/setting.ts'
import { nameServer } from './name-server.ts'

/** What a measurement is made under, in a network of its own. */
export interface Limits {
  /** The name server answers so late; null: never. Absent: the server's address is used. */
  readonly dnsDelayMs?: number | null
  /** First and last local port for connections. */
  readonly ports?: readonly [number, number]
  /** A server outside, which is not under the limits; one of the child's own when absent. */
  readonly url?: string
  /** The server closes each connection after its answer. */
  readonly closes?: boolean
  readonly point?: PointChanges
}

/** What came of it. */
export interface Outcome {
  readonly measurement?: Measurement
  readonly findings: readonly Finding[]
  readonly error?: { readonly kind: string; readonly code: string; readonly message: string }
  /** Questions that the name server had heard when the first request came, and in the end. */
  readonly questions: { readonly before: number; readonly after: number }
}

// `unshare --net --mount -- node child.ts LIMITS`, or under `prlimit`: prints an Outcome.
const limits = JSON.parse(process.argv[2] ?? '{}') as Limits
console.log(JSON.stringify(await measureUnder(limits)))

async function measureUnder({ dnsDelayMs, ports, url, closes = false, point = {} }: Limits): Promise<Outcome> {
  if (dnsDelayMs !== undefined || ports !== undefined) await execa('ip', ['link', 'set', 'lo', 'up'])
  if (ports !== undefined) await writeFile('/proc/sys/net/ipv4/ip_local_port_range', ports.join(' '))
  await using names = dnsDelayMs === undefined ? null : await ownNameServer(dnsDelayMs)
  let before = 0
  await using server = await scriptedServer((socket, _, n) => {
    if (n === 0) before = names?.questions() ?? 0
    if (closes) socket.end(answer(4).replace('\r\n', '\r\nConnection: close\r\n'))
    else setTimeout(() => socket.write(answer(4)), 20)
  })
  const own = names === null ? server.url : server.url.replace('127.0.0.1', 'model.example')
  try {
    const measurement = await measureAt(url ?? own, point)
    const findings = judge(pointOf(point), measurement)
    return { measurement, findings, questions: { before, after: names?.questions() ?? 0 } }
  } catch (error) {
    if (!(error instanceof FulcrumError)) throw error
    const { kind, code, message } = error
    return { error: { kind, code, message }, findings: [], questions: { before, after: names?.questions() ?? 0 } }
  }
}

/** A name server, and a resolver that asks nobody else, once. */
async function ownNameServer(delayMs: number | null) {
  const file = join(tmpdir(), `fulcrum-resolv-${process.pid}.conf`)
  await writeFile(file, 'nameserver 127.0.0.1\noptions timeout:2 attempts:1\n')
  await execa('mount', ['--bind', file, '/etc/resolv.conf'])
  // What is mounted stays.
  await rm(file)
  return await nameServer(delayMs)
}

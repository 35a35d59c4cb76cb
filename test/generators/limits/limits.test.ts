// Test part: process

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { execa } from 'execa'
import type { Finding } from '../../../src/metrics/measurement.ts'
import { statusOf } from '../../../src/metrics/validity.ts'
import { answer, scriptedServer } from '../../mock-server/scripted.ts'
import type { Limits, Outcome } from './child.ts'

const child = join(import.meta.dirname, 'child.ts')
const inNamespace = ['unshare', '--net', '--mount', '--map-root-user', '--'] as const

async function run(wrapper: readonly string[], limits: Limits): Promise<Outcome> {
  const [program = '', ...args] = [...wrapper, process.execPath, child, JSON.stringify(limits)]
  const { stdout } = await execa(program, args, { timeout: 60_000 })
  return JSON.parse(stdout) as Outcome
}

const can = (program: string, ...args: readonly string[]) => spawnSync(program, args).status === 0
const noNamespaces = can(inNamespace[0], ...inNamespace.slice(1), 'ip', 'link', 'set', 'lo', 'up')
  ? false
  : 'network namespaces can not be made here'
const noPrlimit = can('prlimit', '--nofile=256', 'true') ? false : 'prlimit is not there'

const noSchedstat = existsSync('/proc/thread-self/schedstat') ? false : 'this kernel does not say how long threads wait'
const noTaskset = can('taskset', '--version') ? false : 'taskset is not there'

/** The first core that this process may use. */
function firstCore(): string {
  return /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0'
}

const find = (findings: readonly Finding[], code: string) => findings.find(finding => finding.code === code)
const slots = (concurrency: number, requests: number) =>
  ({ load: { level: { kind: 'concurrency', concurrency }, requests } }) as const

test('a name server that takes its time marks the point, and no latency holds its time', {
  skip: noNamespaces,
}, async () => {
  const dnsDelayMs = 1200
  const { measurement, findings } = await run(inNamespace, { dnsDelayMs })
  assert.equal(measurement?.requests.completed, 6)
  assert.ok((measurement.client.lookupMs ?? 0) >= dnsDelayMs)
  assert.ok((measurement.requestLatencyMs?.max ?? dnsDelayMs) < dnsDelayMs)
  assert.match(find(findings, 'slow-dns')?.message ?? '', /^DNS took 1\.\d s to resolve the endpoint's name/)
})

test('nothing is looked up while the clock runs, not even for new connections', { skip: noNamespaces }, async () => {
  const { measurement, questions } = await run(inNamespace, { dnsDelayMs: 0, closes: true })
  assert.equal(measurement?.requests.completed, 6)
  assert.ok(questions.before > 0)
  assert.equal(questions.after, questions.before)
})

test('a name server that never answers ends the measurement with a sentence that names DNS', {
  skip: noNamespaces,
}, async () => {
  const { error } = await run(inNamespace, { dnsDelayMs: null })
  assert.deepEqual([error?.kind, error?.code], ['environment', 'name-not-resolved'])
  assert.match(error?.message ?? '', /cannot resolve the name model\.example: DNS did not respond/)
})

test('more slots than files may be open is a finding that says so', { skip: noPrlimit }, async () => {
  await using server = await scriptedServer(socket => setTimeout(() => socket.write(answer(4)), 20))
  const limits = { url: server.url, point: slots(150, 300) }
  const { measurement, findings } = await run(['prlimit', '--nofile=100:100'], limits)
  assert.deepEqual(
    measurement?.errors.map(({ kind }) => kind),
    ['no-socket'],
  )
  assert.ok((measurement?.requests.completed ?? 0) > 0, 'the slots that have a socket go on')
  const finding = find(findings, 'sockets-exhausted')
  assert.match(finding?.message ?? '', /EMFILE/)
  assert.match(finding?.message ?? '', /ulimit -n/)
  assert.equal(statusOf(findings), 'invalid')
})

test('a generator whose core a busy loop has is not believed', { skip: noSchedstat || noTaskset }, async () => {
  const requests = 100
  // Of one core, so that an idle one elsewhere does not help; the server keeps the others.
  const onItsCore = ['taskset', '--cpu-list', firstCore()] as const
  const ended = new AbortController()
  const loop = () =>
    execa(onItsCore[0], [...onItsCore.slice(1), 'sh', '-c', 'while :; do :; done'], {
      reject: false,
      cancelSignal: ended.signal,
    })
  const loops: ReturnType<typeof loop>[] = []
  await using server = await scriptedServer((socket, _, n) => {
    if (n === 0) loops.push(loop(), loop())
    if (n === requests - 1) ended.abort()
    setTimeout(() => socket.write(answer(4)), 10)
  })
  try {
    // The generator is the one that the kernel lets wait.
    const point = slots(4, requests)
    const { measurement, findings } = await run(['nice', '-n', '19', ...onItsCore], { url: server.url, point })
    assert.equal(measurement?.requests.completed, requests)
    assert.ok((measurement.client.runQueueWaitMs ?? 0) > 0)
    assert.match(find(findings, 'client-starved')?.message ?? '', /ready to run but got no core/)
    assert.equal(statusOf(findings), 'invalid')
  } finally {
    ended.abort()
    await Promise.all(loops)
  }
})

test('more slots than local ports is a finding that says so', { skip: noNamespaces }, async () => {
  const { measurement, findings } = await run(inNamespace, { ports: [40_000, 40_049], point: slots(100, 200) })
  assert.deepEqual(
    measurement?.errors.map(({ kind }) => kind),
    ['no-socket'],
  )
  assert.ok((measurement?.requests.completed ?? 0) > 0, 'the slots that have a port go on')
  assert.match(find(findings, 'sockets-exhausted')?.message ?? '', /ip_local_port_range \(EADDRNOTAVAIL\)/)
  assert.equal(statusOf(findings), 'invalid')
})

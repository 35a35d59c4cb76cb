/**
 * Shards on eight hosts of their own network (namespaces with an sshd each, as in test/systems/shards), and how many
 * streams they hold together on this machine. Takes root.
 *
 *   node bench/load/namespaces.ts [STREAMS…]     800, 4,000 and 16,000 unless given
 *
 * Each stream takes an answer of 12 tokens, one each second, and so does the mock server that they share: what is
 * measured is how many streams fit, not how fast they are.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { sharded } from '../../src/generators/shards/sharded.ts'
import { judge, statusOf } from '../../src/metrics/validity.ts'
import { endpointOf, pointOf } from '../../test/generators/built-in/setting.ts'
import { startMock } from '../../test/mock-server/start.ts'
import { createHosts } from '../../test/systems/shards/hosts.ts'

const tokens = 12
const itlMs = 1000
const names = Array.from({ length: 8 }, (_, i) => `host-${i}`)
const counts = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [800, 4000, 16_000]

const mibOf = async (pid: number) =>
  Number(/VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''))?.[1] ?? 0) / 1024

await using hosts = await createHosts(Object.fromEntries(names.map(name => [name, 0])))
const folder = await mkdtemp(join(tmpdir(), 'fulcrum-namespaces-'))
try {
  console.log(`${cpus().length} cores, load average ${loadavg()[0]?.toFixed(1)}\n`)
  console.log(
    '| streams | each host | prepared in | most in flight, seen by the server | answered | status | TTFT mean, told / true | each shard, peak | server, peak |',
  )
  console.log('|---:|---:|---:|---:|---:|---|---:|---:|---:|')
  for (const streams of counts) {
    await using server = await startMock({ ttftMs: 2000, itlMs, tokens, promptTokens: 32 }, hosts.address)
    const generator = sharded({
      cacheFolder: join(tmpdir(), 'fulcrum-test-lexicons'),
      runFolder: folder,
      threads: 1,
      silentMs: 60_000,
      shards: { count: names.length, hosts: names, launcher: 'ssh', launcherArgs: ['-F', hosts.sshConfig] },
    })
    try {
      const change = {
        load: {
          level: { kind: 'concurrency', concurrency: streams },
          ...{ requests: 2 * streams, warmup: streams, dataset: 3 * streams, timeoutMs: 120_000 },
        },
        workload: { osl: { kind: 'fixed', tokens } },
      } as const
      const startedMs = performance.now()
      let preparedMs = 0
      const measurement = await generator.measure(pointOf(change), endpointOf(server.url), {
        signal: AbortSignal.timeout(240_000),
        folder: join(folder, 'points', `${streams}`),
        onProgress: ({ phase }) => {
          if (phase === 'measuring' || phase === 'warm-up') preparedMs ||= performance.now() - startedMs
        },
      })
      const truth = await server.truth()
      const findings = judge(pointOf(change), measurement)
      const shardMib = await Promise.all(
        names.flatMap(name =>
          hosts
            .pids(name)
            .filter(({ command }) => command.endsWith('fulcrum.js shard'))
            .map(({ pid }) => mibOf(pid)),
        ),
      )
      const codes = [...new Set(findings.map(({ code }) => code))].join(', ')
      const cells = [
        ...[streams.toLocaleString('en-US'), (streams / names.length).toLocaleString('en-US')],
        ...[`${(preparedMs / 1000).toFixed(1)} s`, truth.maxInFlight.toLocaleString('en-US')],
        `${measurement.requests.completed.toLocaleString('en-US')} of ${measurement.requests.sent.toLocaleString('en-US')}`,
        `${statusOf(findings)}${codes === '' ? '' : ` (${codes})`}`,
        `${measurement.ttftMs?.mean.toFixed(1)} / ${truth.ttftMs?.mean.toFixed(1)} ms`,
        ...[
          `${shardMib.reduce((a, b) => Math.max(a, b), 0).toFixed(0)} MiB`,
          `${(await mibOf(server.pid)).toFixed(0)} MiB`,
        ],
      ]
      console.log(`| ${cells.join(' | ')} |`)
    } finally {
      await generator.close()
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}

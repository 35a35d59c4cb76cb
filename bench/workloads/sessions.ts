/**
 * So many conversations at once over real HTTP, against the tests' mock server: whether all are had to their end, how late
 * turns are, and what that takes.
 *
 *   node bench/workloads/sessions.ts [sessions] [think time in s]
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { builtIn } from '../../src/generators/built-in/built-in.ts'
import { userCacheFolder } from '../../src/generators/cache.ts'
import type { Point } from '../../src/model/index.ts'
import { endpointAt, programPoint } from '../../test/generators/programs/program-point.ts'
import { startMock } from '../../test/mock-server/start.ts'

const sessions = Number(process.argv[2] ?? 10_000)
const thinkS = Number(process.argv[3] ?? 10)
const turns = 2

await using server = await startMock({ ttftMs: 200, itlMs: 20, tokens: 8, promptTokens: 64 })
const folder = await mkdtemp(join(tmpdir(), 'fulcrum-sessions-'))
const base = programPoint('built-in')
const point: Point = {
  ...base,
  workload: {
    ...{ name: 'chat', isl: { kind: 'fixed', tokens: 64 }, osl: { kind: 'fixed', tokens: 8 } },
    conversation: { turns, thinkMs: 1000 * thinkS, thinkSpread: 'exponential' },
  },
  load: {
    ...base.load,
    level: { kind: 'concurrency', concurrency: sessions },
    requests: sessions * turns,
    warmup: 0,
    dataset: sessions,
    timeoutMs: 60_000,
  },
}
const generator = builtIn({ cacheFolder: userCacheFolder(process.env) })
try {
  const load = (await readFile('/proc/loadavg', 'utf8')).split(' ')[0]
  const measured = await generator.measure(point, endpointAt(server.url), {
    signal: AbortSignal.timeout(600_000),
    folder: join(folder, 'points', 'p'),
    onProgress: () => {},
  })
  const { requests, client, sessions: had, durationS, errors, ttftMs } = measured
  const late = had?.turnLatenessMs
  console.log(
    `${sessions} sessions of ${turns} turns, think time ${thinkS} s (exponential); load average ${load} before`,
  )
  console.log(
    `requests: ${requests.sent} sent, ${requests.failed} failed, ${had?.skipped} turns not sent; ${durationS.toFixed(1)} s`,
  )
  console.log(`sessions: ${had?.count}, ${had?.turns.toFixed(2)} requests each`)
  console.log(
    `turns late after answer and think time: p50 ${late?.p50?.toFixed(1)} ms, p99 ${late?.p99?.toFixed(1)} ms, max ${late?.max?.toFixed(1)} ms`,
  )
  console.log(`TTFT (server: 200 ms): p50 ${ttftMs?.p50?.toFixed(0)} ms, p99 ${ttftMs?.p99?.toFixed(0)} ms`)
  console.log(
    `in flight at once: at most ${client.inFlight?.max}; client CPU ${client.cpuS?.toFixed(1)} s, no core for ${((client.runQueueShare ?? 0) * 100).toFixed(0)}% of the time`,
  )
  console.log(`peak memory of the client: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`)
  for (const { kind, count, example } of errors) console.log(`${kind}: ${count}, ${example}`)
} finally {
  await generator.close()
  await rm(folder, { recursive: true, force: true })
}

/**
 * When each turn of a trace with sessions is sent, by the log of the server: the built-in generator beside AIPerf, which
 * replay the same requests with the same prompts.
 *
 *   node bench/workloads/turn-timing.ts [sessions]
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { aiperf } from '../../src/generators/aiperf/aiperf.ts'
import { writeTraceFile } from '../../src/generators/aiperf/trace-file.ts'
import { builtIn } from '../../src/generators/built-in/built-in.ts'
import { userCacheFolder } from '../../src/generators/cache.ts'
import { createRandom, type Point } from '../../src/model/index.ts'
import { openLedger } from '../../src/process/ledger.ts'
import { endpointAt, programPoint } from '../../test/generators/programs/program-point.ts'
import { promptKey, type Served } from './logging-server.ts'

const sessions = Number(process.argv[2] ?? 40)
const turns = 5

/** A request as it was to be sent. */
interface Planned {
  readonly session_id: string
  readonly timestamp?: number
  readonly delay?: number
  readonly messages: readonly { readonly content: string }[]
}

function recorded(): readonly object[] {
  const random = createRandom(7)
  return Array.from({ length: sessions }, (_, session) =>
    Array.from({ length: turns }, (__, turn) => ({
      session_id: `s${session}`,
      ...(turn === 0 ? { timestamp: session * 400 } : { delay: Math.round(200 + 1300 * random.uniform()) }),
      input_length: 200 + 150 * turn,
      output_length: 8 + Math.floor(16 * random.uniform()),
    })),
  ).flat()
}

/** Actual − due time of each request that the server saw, ms. Later turns are due after the answer before them. */
function latenessOf(planned: readonly Planned[], log: readonly Served[]) {
  const served = new Map(log.map(each => [each.prompt, each]))
  const first: number[] = []
  const later: number[] = []
  let before: Served | undefined
  for (const { messages, timestamp, delay } of planned) {
    const seen = served.get(promptKey(messages[0]?.content ?? ''))
    if (seen !== undefined && timestamp !== undefined) first.push(seen.arrivedMs - timestamp)
    if (seen !== undefined && before !== undefined && delay !== undefined)
      later.push(seen.arrivedMs - before.endedMs - delay)
    before = seen
  }
  const start = first.reduce((least, at) => Math.min(least, at), Number.POSITIVE_INFINITY)
  return { served: log.length, first: first.map(at => at - start), later }
}

function shown(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (percent: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor((percent / 100) * sorted.length))] ?? Number.NaN
  return [at(50), at(95), at(99), sorted.at(-1) ?? Number.NaN].map(value => value.toFixed(1)).join(' | ')
}

const folder = await mkdtemp(join(tmpdir(), 'fulcrum-turn-timing-'))
const child = spawn(process.execPath, [join(import.meta.dirname, 'logging-server.ts')], {
  stdio: ['pipe', 'pipe', 'inherit'],
})
try {
  const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const endpoint = endpointAt(`http://127.0.0.1:${port}`)
  const file = join(folder, 'recorded.jsonl')
  await writeFile(
    file,
    recorded()
      .map(row => JSON.stringify(row))
      .join('\n'),
  )
  const { requests: _, ...load } = programPoint('built-in').load
  const level = { kind: 'trace', file, speed: 1, unit: 'ms' } as const
  const point: Point = { ...programPoint('built-in'), load: { ...load, warmup: 0, timeoutMs: 60_000, level } }
  const to = join(folder, 'planned.jsonl')
  await writeTraceFile(point, endpoint, to, AbortSignal.timeout(60_000))
  const planned = (await readFile(to, 'utf8'))
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Planned)
  const ledger = await openLedger({ runFolder: folder, folder: join(folder, 'ledger') })
  const command = join(import.meta.dirname, '../../.systems/aiperf/bin/aiperf')
  const generators = {
    'built-in': builtIn({ cacheFolder: userCacheFolder(process.env) }),
    AIPerf: aiperf({ command, args: [], runFolder: folder, ledger: async () => ledger }),
  }
  const load1 = (await readFile('/proc/loadavg', 'utf8')).split(' ')[0]
  console.log(`${sessions} sessions of ${turns} turns; load average ${load1} before\n`)
  console.log(
    '| generator | requests at the server | which | p50 | p95 | p99 | max, ms late |\n|---|---:|---|---:|---:|---:|---:|',
  )
  for (const [name, generator] of Object.entries(generators)) {
    await generator.measure(point, endpoint, {
      signal: AbortSignal.timeout(300_000),
      folder: join(folder, 'points', name),
      onProgress: () => {},
    })
    await generator.close()
    const log = (await (await fetch(`${endpoint.url}/log`)).json()) as readonly Served[]
    const { served, first, later } = latenessOf(planned, log)
    console.log(`| ${name} | ${served} | first turns, after the recorded time | ${shown(first)} |`)
    console.log(`| ${name} | | later turns, after the answer and the delay | ${shown(later)} |`)
  }
  ledger.close()
} finally {
  child.stdin.end()
  await rm(folder, { recursive: true, force: true })
}

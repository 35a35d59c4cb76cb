/**
 * A day of a trace in Mooncake's shape, replayed on the real Dynamo with mocker workers: what of the trace was sent, how late, and
 * the cache hit rate against what the trace allows.
 *
 *   node bench/workloads/day.ts [requests] [speed]
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runSweepFile } from '../../src/commands/run.ts'
import { readRun } from '../../src/journal/index.ts'
import { createRandom } from '../../src/model/index.ts'

const requests = Number(process.argv[2] ?? 1500)
const speed = Number(process.argv[3] ?? 1800)
const dayMs = 24 * 3600 * 1000
const block = 512

/** Sessions whose prompts grow, over a day with a busy noon and a quiet night; ids of blocks as Mooncake writes them. */
function dayTrace(): readonly object[] {
  const random = createRandom(11)
  const times = Array.from({ length: requests }, () => {
    // More by day than by night: the density is 1 − 0.8 cos(2πt).
    for (;;) {
      const at = random.uniform()
      if (random.uniform() * 1.8 < 1 - 0.8 * Math.cos(2 * Math.PI * at)) return Math.floor(at * dayMs)
    }
  }).sort((a, b) => a - b)
  const open: { ids: number[]; tokens: number; session: number }[] = []
  let [id, session] = [0, 0]
  return times.map(timestamp => {
    const goesOn = open.length > 0 && random.uniform() < 0.7
    const own = goesOn
      ? (open[Math.floor(random.uniform() * open.length)] ?? { ids: [], tokens: 0, session: session++ })
      : { ids: [], tokens: 0, session: session++ }
    if (!goesOn) open.push(own)
    if (open.length > 30) open.shift()
    own.tokens = Math.min(own.tokens + 200 + Math.floor(700 * random.exponential()), 8000)
    const blocks = Math.ceil(own.tokens / block)
    // The last block of the request before was not full: it is another one now.
    own.ids = own.ids.slice(0, Math.max(0, Math.min(own.ids.length, blocks) - 1))
    while (own.ids.length < blocks) own.ids.push(id++)
    const output_length = 5 + Math.floor(30 * random.uniform())
    return { timestamp, input_length: own.tokens, output_length, hash_ids: own.ids, session_id: `s${own.session}` }
  })
}

const folder = await mkdtemp(join(tmpdir(), 'fulcrum-day-'))
try {
  const repository = join(import.meta.dirname, '../..')
  const text = await readFile(join(import.meta.dirname, 'day.yaml'), 'utf8')
  const sweepFile = join(folder, 'day.yaml')
  await writeFile(sweepFile, text.replaceAll('../../', `${repository}/`).replace('speed: 1800', `speed: ${speed}`))
  await writeFile(
    join(folder, 'day.jsonl'),
    dayTrace()
      .map(row => JSON.stringify(row))
      .join('\n'),
  )
  const load = (await readFile('/proc/loadavg', 'utf8')).split(' ')[0]
  const { folder: run } = await runSweepFile({
    ...{ file: sweepFile, resultsRoot: join(folder, 'results'), startNew: true },
    signal: AbortSignal.timeout(600_000),
  })
  console.log(`${requests} requests of a day at ${speed}×; load average ${load} before\n`)
  console.log(
    '| routing | sent | failed | duration | sent late, p99 | turns behind the trace | possible | by answers | by the frontend | TTFT p50 |',
  )
  console.log('|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|')
  for (const { point, measurement, findings } of (await readRun(run)).results) {
    if (measurement === null) {
      console.log(point.deployment.variant, findings)
      continue
    }
    const {
      requests: sent,
      client,
      sessions,
      promptCache,
      possibleCachedShare,
      serverCache,
      ttftMs,
      durationS,
    } = measurement
    const share = (part: number | undefined, of: number | undefined) =>
      part === undefined || of === undefined ? '' : `${((100 * part) / of).toFixed(1)}%`
    const cells = [
      point.deployment.variant,
      sent.sent,
      sent.failed,
      `${durationS.toFixed(1)} s`,
      `${client.sendLatenessMs?.p99.toFixed(0)} ms`,
      `${sessions?.byAnswer} of ${(sessions?.byAnswer ?? 0) + (sessions?.bySchedule ?? 0)}`,
      share(possibleCachedShare, 1),
      share(promptCache?.cachedTokens, promptCache?.promptTokens),
      share(serverCache?.frontend?.cachedTokens, serverCache?.frontend?.promptTokens),
      `${ttftMs?.p50?.toFixed(0)} ms`,
    ]
    console.log(`| ${cells.join(' | ')} |`)
    for (const { code } of findings) console.log(`  ${code}`)
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}

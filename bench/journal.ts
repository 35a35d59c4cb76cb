/**
 * Cost of the journal: `node bench/journal.ts [RUN [FOLDER]]`. Appends a measured point of a real run (default: the
 * shipped results/baseline/quick) to a journal in FOLDER, which chooses the disk to measure (default: beside the run), in
 * turn with bare writes of the same bytes. Then reads 10,000 such points back, in turn with bare JSON parsing.
 */
import { mkdtemp, open, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openJournal, readRun } from '../src/journal/index.ts'
import { encodeLine } from '../src/journal/line.ts'
import { scanJournal } from '../src/journal/scan.ts'
import { distributionOf } from '../src/metrics/distribution.ts'
import { conditions, ratios, spread, takeTurns } from './turns.ts'

const appends = 300
const readBack = 10_000
const rounds = 5

const [runFolder = join(import.meta.dirname, '../results/baseline/quick'), parent] = process.argv.slice(2)
const event = (await readRun(runFolder)).lines.map(line => line.event).find(({ type }) => type === 'point')
if (event === undefined) throw new Error(`no point was measured in ${runFolder}`)
const at = new Date().toISOString()
const line = encodeLine({ seq: 0, at, event })

console.log(`A point's line has ${(line.length / 1024).toFixed(1)} KiB.\n`)
console.log('| | journal | bare | ratio |\n|---|---|---|---|')
const folder = await mkdtemp(join(parent ?? dirname(runFolder), '.bench-'))
try {
  await using journal = await openJournal(folder)
  await using bare = await open(join(folder, 'bare'), 'a')
  const bareAppend = async () => {
    await bare.write(line)
    await bare.datasync()
  }
  const taken = await takeTurns([() => journal.append(event), bareAppend], rounds, async append => {
    const times = new Float64Array(appends)
    for (let i = 0; i < appends; i++) {
      const startMs = performance.now()
      await append()
      times[i] = performance.now() - startMs
    }
    return distributionOf(times)
  })
  const [ours = [], others = []] = taken.values()
  for (const name of ['p50', 'p99'] as const) {
    const [own, other] = [ours, others].map(all => all.map(times => times?.[name] ?? Number.NaN))
    print(`append and sync ${name}, against write and sync, ms`, own, other)
  }
} finally {
  await rm(folder, { recursive: true })
}

const bytes = Buffer.concat(Array.from({ length: readBack }, (_, seq) => encodeLine({ seq, at, event })))
const scan = () => scanJournal(bytes, 'journal.jsonl').lines.length
const parse = () =>
  bytes
    .toString()
    .trimEnd()
    .split('\n')
    .map(text => JSON.parse(text) as unknown).length
const taken = await takeTurns([scan, parse], rounds, async read => {
  const before = process.cpuUsage()
  if (read() !== readBack) throw new Error('not every point was read')
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
})
const [own, other] = taken.values()
const megabytes = (bytes.length / 2 ** 20).toFixed(0)
print(`reading ${readBack} points (${megabytes} MiB) with their checksums, against JSON.parse, CPU s`, own, other)
console.log(`\n${conditions()}`)

function print(what: string, own: readonly number[] = [], other: readonly number[] = []): void {
  console.log(`| ${what} | ${[own, other, ratios(own, other)].map(values => spread(values)).join(' | ')} |`)
}

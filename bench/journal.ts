/**
 * What the journal costs: `node bench/journal.ts RUN [FOLDER]`. Takes a measured point from a real run, appends it
 * again and again to a journal in FOLDER (the disk to be measured; the run's own by default), and reads 10,000 of them
 * back.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openJournal, readRun } from '../src/journal/index.ts'
import { encodeLine } from '../src/journal/line.ts'
import { scanJournal } from '../src/journal/scan.ts'
import { distributionOf } from '../src/metrics/distribution.ts'

const appends = 300
const readBack = 10_000

const [runFolder, parent] = process.argv.slice(2)
if (runFolder === undefined) throw new Error('usage: node bench/journal.ts RUN [FOLDER]')
const event = (await readRun(runFolder)).lines.map(line => line.event).find(({ type }) => type === 'point')
if (event === undefined) throw new Error(`no point was measured in ${runFolder}`)

const folder = await mkdtemp(join(parent ?? dirname(runFolder), '.bench-'))
try {
  await using journal = await openJournal(folder)
  const times = new Float64Array(appends)
  for (let i = 0; i < appends; i++) {
    const startMs = performance.now()
    await journal.append(event)
    times[i] = performance.now() - startMs
  }
  const took = distributionOf(times)
  const lineBytes = encodeLine({ seq: 0, at: new Date().toISOString(), event }).length
  console.log(`| a point's line | ${(lineBytes / 1024).toFixed(1)} KiB |`)
  console.log(`| append and sync: p50, p99 | ${took?.p50.toFixed(1)} ms, ${took?.p99.toFixed(1)} ms |`)
} finally {
  await rm(folder, { recursive: true })
}

const at = new Date().toISOString()
const bytes = Buffer.concat(Array.from({ length: readBack }, (_, seq) => encodeLine({ seq, at, event })))
const startMs = performance.now()
const { lines } = scanJournal(bytes, 'journal.jsonl')
const seconds = (performance.now() - startMs) / 1000
console.log(
  `| reading ${lines.length} points (${(bytes.length / 2 ** 20).toFixed(0)} MiB), checksums checked | ${seconds.toFixed(2)} s |`,
)

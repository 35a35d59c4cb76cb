/**
 * Holds the bottleneck diagnosis of `fulcrum tune` against systems that are held back by one thing because they were made so, and
 * prints the confusion table and each case's evidence as Markdown (docs/bench/tune.md).
 *
 *   node bench/tune.ts [NAME…] [--keep DIR] [--from DIR]      all cases, or those whose name begins so; --keep keeps the runs,
 *                                                            --from reads kept ones instead of measuring
 */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { analyse } from '../src/analysis/analyse.ts'
import { loadValue } from '../src/analysis/load-label.ts'
import { type BottleneckFinding, bottleneckAt } from '../src/analysis/tune/bottleneck.ts'
import { referenceOf } from '../src/analysis/tune/tune.ts'
import { runSweepFile } from '../src/jobs/run.ts'
import { readRun } from '../src/journal/index.ts'
import { type KnownCase, knownCases } from './tune/cases.ts'
import { tables } from './tune/tables.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { keep: { type: 'string' }, from: { type: 'string' } },
})
const chosen = knownCases.filter(
  ({ name }) => positionals.length === 0 || positionals.some(prefix => name.startsWith(prefix)),
)
const scratch = await mkdtemp(join(tmpdir(), 'fulcrum-tune-bench-'))
const folder = resolve(values.from ?? values.keep ?? scratch)

async function measured({ name, sweep }: KnownCase): Promise<string> {
  if (values.from !== undefined) {
    const [run] = (await readdir(join(folder, name)))
      .filter(entry => !entry.startsWith('.'))
      .sort()
      .reverse()
    return join(folder, name, run ?? '')
  }
  const file = join(scratch, `${name}.yaml`)
  await writeFile(file, sweep)
  const { folder: run } = await runSweepFile({
    file,
    resultsRoot: folder,
    startNew: true,
    signal: AbortSignal.timeout(300_000),
  })
  return run
}

/** What is said of the heaviest load, as `fulcrum tune` says it of the recommended one. */
async function diagnosed(run: string): Promise<BottleneckFinding> {
  const { points } = analyse(await readRun(run))
  // Beside a disaggregated deployment an aggregated one is there for reference only.
  const looked = points.filter(point => point.deployment.topology.kind === 'disaggregated')
  const heaviest = (looked.length > 0 ? looked : points)
    .filter(point => point.status === 'ok')
    .toSorted((a, b) => (loadValue(b.load.level) ?? 0) - (loadValue(a.load.level) ?? 0))[0]
  if (heaviest === undefined) throw new Error(`${run}: no valid point`)
  return bottleneckAt(heaviest, referenceOf(heaviest, points))
}

try {
  const loadBefore = loadavg()[0] ?? 0
  const found: { readonly known: KnownCase; readonly finding: BottleneckFinding }[] = []
  for (const known of chosen) {
    const finding = await diagnosed(await measured(known))
    console.error(`${known.name}: ${finding.stage} (${known.truth})`)
    found.push({ known, finding })
  }
  console.log(tables(found))
  console.log(`\nLoad average ${loadBefore.toFixed(1)} before, ${(loadavg()[0] ?? 0).toFixed(1)} after.`)
} finally {
  await rm(scratch, { recursive: true, force: true })
}

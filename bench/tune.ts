/**
 * Holds the bottleneck diagnosis of `fulcrum tune` against systems that are held back by one thing because they were
 * made so, and prints the confusion table and each case's evidence as Markdown (docs/bench/tune.md).
 *
 *   node bench/tune.ts [NAME…] [--keep DIR] [--from DIR]
 *     All cases, or those whose name begins so. --keep keeps the runs, --from reads kept ones instead of measuring.
 *   node bench/tune.ts --attached [NAME…]
 *     The same systems as somebody else's endpoints: `attach`, with the pages of their workers in telemetry.workers.
 *   node bench/tune.ts --kubernetes [NAME…]
 *     The cases of Dynamo's mocker as pods of a DynamoGraphDeployment, on a control plane of this machine.
 *   node bench/tune.ts --virtual [--drawn N --seed S]
 *     Systems in virtual time, their truth computed from steady state. --drawn takes N random ones in place of the
 *     chosen.
 */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { BottleneckFinding } from '../src/analysis/tune/bottleneck.ts'
import { runSweepFile } from '../src/commands/run.ts'
import { loadProfile } from '../src/simulator/profile.ts'
import { measuredAttached } from './tune/attached.ts'
import { type KnownCase, knownCases } from './tune/cases.ts'
import { diagnosisOf } from './tune/diagnosis.ts'
import { noCluster, startTuneCluster } from './tune/kubernetes.ts'
import { tables } from './tune/tables.ts'
import { drawnSystems, virtualSystems } from './tune/virtual-systems.ts'
import { countsTable, type Diagnosed, diagnosed, systemsTable, verdictOf } from './tune/virtual-tables.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    keep: { type: 'string' },
    from: { type: 'string' },
    virtual: { type: 'boolean' },
    attached: { type: 'boolean', default: false },
    kubernetes: { type: 'boolean', default: false },
    drawn: { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
})
if (values.virtual === true) {
  const systems = values.drawn === undefined ? virtualSystems : drawnSystems(Number(values.drawn), Number(values.seed))
  const found = diagnosed(systems, await loadProfile('deepseek-r1-fp4-gb200'))
  const isBad = ({ truth, said }: Diagnosed) =>
    Object.values(said).some(({ stage }) => verdictOf(truth, stage) === 'wrong')
  console.log(countsTable(found))
  const shown = values.drawn === undefined ? found : found.filter(isBad)
  if (shown.length > 0) console.log(`\n${systemsTable(shown)}`)
  process.exit()
}
const chosen = knownCases
  .filter(({ name }) => positionals.length === 0 || positionals.some(prefix => name.startsWith(prefix)))
  // An endpoint is one deployment.
  .filter(({ sweep }) => !values.attached || !/^topologies: .*,/m.test(sweep))
  // The graph of the tests has a frontend without arguments.
  .filter(({ system, sweep }) => !values.kubernetes || (system === 'Dynamo mocker' && !sweep.includes('frontend_args')))
const why = values.kubernetes ? noCluster() : false
if (why !== false) throw new Error(why)
await using cluster = values.kubernetes && values.from === undefined ? await startTuneCluster() : null
const scratch = await mkdtemp(join(tmpdir(), 'fulcrum-tune-bench-'))
const folder = resolve(values.from ?? values.keep ?? scratch)

async function measured(known: KnownCase): Promise<string> {
  const { name, sweep } = known
  if (values.from !== undefined) {
    const [run] = (await readdir(join(folder, name)))
      .filter(entry => !entry.startsWith('.'))
      .sort()
      .reverse()
    return join(folder, name, run ?? '')
  }
  if (values.attached) return measuredAttached(known, folder)
  if (cluster !== null) return cluster.measured(known, folder)
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

try {
  const loadBefore = loadavg()[0] ?? 0
  const found: { readonly known: KnownCase; readonly finding: BottleneckFinding }[] = []
  for (const known of chosen) {
    const finding = await diagnosisOf(await measured(known))
    console.error(`${known.name}: ${finding.stage} (${known.truth})`)
    found.push({ known, finding })
  }
  console.log(tables(found))
  console.log(`\nLoad average ${loadBefore.toFixed(1)} before, ${(loadavg()[0] ?? 0).toFixed(1)} after.`)
} finally {
  await rm(scratch, { recursive: true, force: true })
}

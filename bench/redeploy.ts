/**
 * What changing a deployment costs: the smallest change against stopping everything and starting anew, on a real Dynamo
 * 1.4.2 with mocker workers, or a real `dynamo serve` of 0.3.1 with services that have no engine (a real one adds its model
 * load to every worker start). Prints Markdown.
 *
 *   node bench/redeploy.ts [repetitions] [dynamo | dynamo-serve]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { medianSorted } from 'simple-statistics'
import { createDeployer } from '../src/deploy/create.ts'
import type { Deployer, Reconciled } from '../src/deploy/deployer.ts'
import type { Deployment } from '../src/point/index.ts'
import { aggregated, deployment, disaggregated, mocker, model, watch } from '../test/systems/dynamo-deployment.ts'
import { dynamoServe } from '../test/systems/dynamo-serve-deployment.ts'

const repetitions = Number(process.argv[2] ?? 5)
const serve = process.argv[3] === 'dynamo-serve'
const changed = serve ? { max_batch_size: 64 } : { max_num_seqs: 64 }

/** A walk through the changes that sweeps make; the last two change an engine setting of one role. */
const walk: readonly { readonly wanted: Deployment; readonly change: string }[] = [
  { wanted: deployment(disaggregated(1, 1)), change: 'nothing → 1P1D' },
  { wanted: deployment(disaggregated(2, 1)), change: '1P1D → 2P1D' },
  { wanted: deployment(disaggregated(2, 2)), change: '2P1D → 2P2D' },
  { wanted: deployment(disaggregated(1, 2)), change: '2P2D → 1P2D' },
  { wanted: deployment(disaggregated(2, 1)), change: '1P2D → 2P1D' },
  {
    wanted: deployment(disaggregated(2, 1), { decode: changed }),
    change: `2P1D, decode ${Object.keys(changed)[0]} 64`,
  },
  { wanted: deployment(aggregated(2)), change: '2P1D → agg x2' },
  { wanted: deployment(disaggregated(1, 1)), change: 'agg x2 → 1P1D' },
]

interface Timing {
  readonly seconds: number[]
  workersStarted: number
}
const smallest = walk.map((): Timing => ({ seconds: [], workersStarted: 0 }))
const anew = walk.map((): Timing => ({ seconds: [], workersStarted: 0 }))

async function open(): Promise<Deployer & AsyncDisposable> {
  const runFolder = await mkdtemp(join(tmpdir(), 'fulcrum-redeploy-'))
  const deployer = await createDeployer(serve ? dynamoServe : mocker, { model, runFolder })
  const close = async () => {
    await deployer.close()
    await rm(runFolder, { recursive: true, force: true })
  }
  return { ...deployer, close, [Symbol.asyncDispose]: close }
}

const reconcile = (deployer: Deployer, wanted: Deployment): Promise<Reconciled> =>
  deployer.reconcile(wanted, watch(AbortSignal.timeout(300_000)))

function note(timing: Timing | undefined, seconds: number, workersStarted: number): void {
  if (timing === undefined) return
  timing.seconds.push(seconds)
  timing.workersStarted = workersStarted
}

for (let repetition = 0; repetition < repetitions; repetition++) {
  {
    await using deployer = await open()
    for (const [i, { wanted }] of walk.entries()) {
      const { elapsedS, workersStarted } = await reconcile(deployer, wanted)
      note(smallest[i], elapsedS, workersStarted)
    }
  }
  // As tools without a reconcile do it: everything down, everything up, for each change.
  let before = await open()
  for (const [i, { wanted }] of walk.entries()) {
    const startMs = performance.now()
    if (i > 0) {
      await before.close()
      before = await open()
    }
    const { workersStarted } = await reconcile(before, wanted)
    note(anew[i], (performance.now() - startMs) / 1000, workersStarted)
  }
  await before.close()
}

const median = (values: readonly number[]) => medianSorted([...values].sort((a, b) => a - b))
const range = (values: readonly number[]) => `${Math.min(...values).toFixed(1)}–${Math.max(...values).toFixed(1)}`
const cell = ({ seconds }: Timing) => `${median(seconds).toFixed(1)} (${range(seconds)})`
const [processor] = cpus()

console.log(`| change | smallest change, s | worker starts | everything anew, s | worker starts |`)
console.log('|---|---|---|---|---|')
let [starts, startsAnew, sum, sumAnew] = [0, 0, 0, 0]
for (const [i, { change }] of walk.entries()) {
  const [a, b] = [smallest[i], anew[i]]
  if (a === undefined || b === undefined) continue
  console.log(`| ${change} | ${cell(a)} | ${a.workersStarted} | ${cell(b)} | ${b.workersStarted} |`)
  starts += a.workersStarted
  startsAnew += b.workersStarted
  sum += median(a.seconds)
  sumAnew += median(b.seconds)
}
console.log(`| **all** | **${sum.toFixed(1)}** | **${starts}** | **${sumAnew.toFixed(1)}** | **${startsAnew}** |`)
console.log(
  `\nMedian and range of ${repetitions} walks, ${cpus().length} × ${processor?.model ?? 'unknown'}, ai-dynamo ${serve ? '0.3.1' : '1.4.2'}.`,
)

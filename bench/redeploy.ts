/**
 * What changing a deployment costs, deployer by deployer, each on its real system: the smallest change against stopping
 * everything and starting anew. None of these workers loads a model, which real ones do at every start. Prints Markdown
 * for docs/bench/redeploy.md.
 *
 *   node bench/redeploy.ts [repetitions] [deployer…]
 */
import { cpus, loadavg } from 'node:os'
import type { Case } from './redeploy/case.ts'
import { dynamo } from './redeploy/dynamo.ts'
import { dynamoServe } from './redeploy/dynamo-serve.ts'
import { kubernetes } from './redeploy/kubernetes.ts'
import { measure } from './redeploy/measure.ts'
import { nodes } from './redeploy/nodes.ts'
import { slurm } from './redeploy/slurm.ts'
import { costTable } from './redeploy/table.ts'

const cases: readonly Case[] = [dynamo, nodes, slurm, kubernetes, dynamoServe]

const repetitions = Number(process.argv[2] ?? 3)
const asked = process.argv.slice(3)
const unknown = asked.filter(name => !cases.some(one => one.name === name))
if (!Number.isInteger(repetitions) || repetitions < 1 || unknown.length > 0) {
  const names = cases.map(({ name }) => name)
  console.error(`node bench/redeploy.ts [repetitions] [deployer…], with deployers from ${names.join(', ')}`)
  process.exit(2)
}

const load = () => loadavg()[0]?.toFixed(1)
for (const one of cases.filter(({ name }) => asked.length === 0 || asked.includes(name))) {
  console.log(`## ${one.title}\n`)
  const missing = one.missing()
  if (missing !== false) {
    console.log(`Not run: ${missing}.\n`)
    continue
  }
  const before = load()
  const startMs = performance.now()
  const costs = await measure(one, repetitions)
  const tookS = ((performance.now() - startMs) / 1000).toFixed(0)
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`
  console.log(costTable(costs))
  console.log(
    `\nMedian and range of ${repetitions} walks, ${tookS} s in all. ${one.system}. ${machine}; load average ${before} before, ${load()} after.\n`,
  )
}

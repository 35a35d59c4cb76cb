/**
 * Worker starts of each ready sweep: in the planned order, in the order of nested loops, and no order can do with fewer
 * than.
 *
 *   node bench/plans.ts
 */
import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import { planSweep } from '../src/plan/plan.ts'
import { loadSweep } from '../src/spec/load-sweep.ts'

const root = join(import.meta.dirname, '..')
console.log('| sweep | deployments | points | worker starts, planned | nested loops | lower bound | proven fewest |')
console.log('|---|---|---|---|---|---|---|')
for (const file of (await Array.fromAsync(glob('sweeps/*.yaml', { cwd: root }))).sort()) {
  const plan = planSweep(await loadSweep(join(root, file)))
  const { cost, nestedLoopCost, lowerBound, exact } = plan
  console.log(
    `| ${file} | ${plan.deployments.length} | ${plan.pointCount} | ${cost.workersStarted} | ${nestedLoopCost.workersStarted} | ${lowerBound} | ${exact ? 'yes' : 'no'} |`,
  )
}

/**
 * Runs the small plan in the run folder named on the command line. Appends `asked ID` to asked.log before it measures
 * a point, and `measured ID` after the loop said that its result is kept: what a kill must not lose.
 */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openRun } from '../../src/journal/index.ts'
import { runSweep } from '../../src/runner/run.ts'
import { measurementOf, scriptedDeployer, scriptedGenerator, smallPlan } from './small-system.ts'

const folder = process.argv[2] ?? ''
const levels = Number(process.argv[3])
const log = (what: string, id: string) => appendFileSync(join(folder, 'asked.log'), `${what} ${id}\n`)

process.stdout.write('ready\n')
await using run = await openRun(folder)
await runSweep(smallPlan(Array.from({ length: levels }, (_, i) => i + 1)), {
  run,
  deployer: scriptedDeployer({ reconcile: () => sleep(2) }),
  generator: scriptedGenerator(async point => {
    log('asked', point.id)
    await sleep(1)
    return measurementOf(point)
  }),
  judge: () => [],
  signal: new AbortController().signal,
  onProgress: progress => {
    if (progress.step === 'measured') log('measured', progress.result.point.id)
  },
})
process.stdout.write('done\n')

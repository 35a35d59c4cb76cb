/**
 * Runs Fulcrum's own benchmarks one after another, each in a process of its own, on an otherwise quiet machine.
 *
 *   npm run bench                      all of them (more than an hour; needs `node scripts/install-systems.ts --bench`)
 *   npm run bench -- plans prompts     some of them
 */
import { join } from 'node:path'
import { execa } from 'execa'

/**
 * In the order to run them: quick ones first. What each prints stands in docs/bench/, the sum of it in
 * docs/benchmarks.md.
 */
const benchmarks: Readonly<Record<string, readonly string[]>> = {
  'start-up': ['start-up.ts'],
  plans: ['plans.ts'],
  'plan-order': ['plan-order.ts'],
  prompts: ['prompts.ts'],
  datasets: ['datasets.ts'],
  journal: ['journal.ts'],
  scale: ['scale.ts'],
  engine: ['engine/speed.ts'],
  report: ['report/build.ts'],
  overlay: ['report/overlay.ts'],
  site: ['site.ts', '5000'],
  statistics: ['statistics.ts', '1000'],
  'compare-power': ['compare/power.ts', '200'],
  window: ['window.ts'],
  stopping: ['stopping.ts', '1000'],
  'history-looks': ['history/looks.ts', '60'],
  capacity: ['capacity.ts'],
  'capacity-tight': ['capacity/tight.ts'],
  search: ['search.ts'],
  replay: ['twin.ts', 'replay'],
  tune: ['tune.ts'],
  redeploy: ['redeploy.ts', '3'],
  'crosscheck-mock': ['crosscheck.ts', 'mock', '32', '4'],
  'crosscheck-dynamo': ['crosscheck.ts', 'dynamo', '8', '4'],
  'turn-timing': ['workloads/turn-timing.ts'],
  sessions: ['workloads/sessions.ts'],
  day: ['workloads/day.ts'],
  scaling: ['load/scaling.ts'],
  load: ['load/run.ts'],
}

const asked = process.argv.slice(2)
const unknown = asked.filter(name => benchmarks[name] === undefined)
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}. There are: ${Object.keys(benchmarks).join(', ')}.`)
  process.exit(2)
}
let failed = false
for (const name of asked.length > 0 ? asked : Object.keys(benchmarks)) {
  const [file = '', ...args] = benchmarks[name] ?? []
  console.log(`\n# ${name}: node bench/${[file, ...args].join(' ')}\n`)
  const { exitCode } = await execa(process.execPath, [join(import.meta.dirname, file), ...args], {
    cwd: join(import.meta.dirname, '..'),
    stdio: 'inherit',
    reject: false,
  })
  failed ||= exitCode !== 0
}
process.exit(failed ? 1 : 0)

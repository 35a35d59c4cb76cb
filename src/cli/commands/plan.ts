import type { Command } from 'commander'
import { wholeNumber } from '../whole-number.ts'

/** `fulcrum plan FILE` */
export function addPlan(program: Command): void {
  program
    .command('plan')
    .argument('<file>', 'sweep file')
    .description('what would be measured, in which order, with how many redeployments and how long; starts nothing')
    .option('--json', 'print the whole plan as JSON')
    .option('--out <dir>', 'where runs are kept; their times improve the estimate', 'results')
    .option('--allow-points <n>', 'accept a grid of up to n points (default 10000)', wholeNumber())
    .addHelpText(
      'after',
      '\nExamples:\n  $ fulcrum plan sweeps/quick.yaml\n  $ fulcrum plan sweeps/guide.yaml --json | jq .pointCount',
    )
    .action(async (file: string, options: { json?: true; out: string; allowPoints?: number }) => {
      const { planSweepFile } = await import('../../commands/plan.ts')
      const plan = await planSweepFile(file, { resultsRoot: options.out, ...options })
      if (options.json) {
        const { sweep, ...rest } = plan
        const { text: _, ...described } = sweep
        console.log(JSON.stringify({ ...rest, sweep: described }, null, 2))
      } else console.log((await import('../../render/terminal/plan.ts')).planText(plan))
    })
}

import type { Command } from 'commander'
import { jsonText } from '../json-text.ts'
import { addAllowPoints, addOut } from '../options.ts'

/** `fulcrum plan FILE` */
export function addPlan(program: Command): void {
  const command = program
    .command('plan')
    .argument('<file>', 'Sweep file')
    .description(
      'Show what a sweep measures, in which order, with how many redeployments and how long it takes, without starting anything',
    )
    .option('--json', 'Print the whole plan as JSON')
  addAllowPoints(addOut(command))
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum plan sweeps/quick.yaml
  $ fulcrum plan sweeps/guide.yaml --json | jq .pointCount

Earlier runs of the sweep below --out improve the time estimate.`,
    )
    .action(async (file: string, options: { json?: true; out: string; allowPoints?: number }) => {
      const { planSweepFile } = await import('../../commands/plan.ts')
      const plan = await planSweepFile(file, { resultsRoot: options.out, ...options })
      if (options.json) {
        const { sweep, ...rest } = plan
        const { text: _, generator, generatorIdentity: __, ...described } = sweep
        const named = { generator: generator.name, generatorSettings: generator.config }
        console.log(jsonText({ ...rest, sweep: { ...described, ...named } }, 2))
      } else console.log((await import('../../render/terminal/plan.ts')).planText(plan))
    })
}

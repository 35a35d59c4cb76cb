import type { Command } from 'commander'
import { addDownload, downloadIfAsked } from '../download-tokenizer.ts'
import { jsonText } from '../json-text.ts'
import { addAllowPoints, addOut } from '../options.ts'

interface PlanOptions {
  readonly json?: true
  readonly out: string
  readonly allowPoints?: number
  readonly downloadTokenizer?: true
}

/** `fulcrum plan FILE` */
export function addPlan(program: Command): void {
  const command = program
    .command('plan')
    .argument('<file>', 'Sweep file')
    .description(
      'Show what a sweep measures, in which order, with how many redeployments and how long it takes, without starting anything',
    )
    .option('--json', 'Print the whole plan as JSON')
  addDownload(addAllowPoints(addOut(command)))
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum plan sweeps/quick.yaml
  $ fulcrum plan sweeps/guide.yaml --json | jq .pointCount

Earlier runs of the sweep below --out improve the time estimate.`,
    )
    .action(async (file: string, options: PlanOptions) => {
      await downloadIfAsked(options.downloadTokenizer, file)
      const { loadExample, planSweepFile } = await import('../../commands/plan.ts')
      const plan = await planSweepFile(file, { resultsRoot: options.out, ...options })
      const example = await loadExample(plan)
      if (options.json) {
        const { sweep, ...rest } = plan
        const { text: _, generator, generatorIdentity: __, ...described } = sweep
        const named = { generator: generator.name, generatorSettings: generator.config }
        console.log(jsonText({ ...rest, example, sweep: { ...described, ...named } }, 2))
        return
      }
      const isRunning = plan.sweep.deploy.endpoint(plan.sweep.model.name) !== null
      console.log((await import('../../render/terminal/plan.ts')).planText(plan, { isRunning }))
      if (example !== null)
        console.log(`\n${(await import('../../render/terminal/preview.ts')).loadExampleText(example)}`)
    })
}

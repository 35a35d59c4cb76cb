import type { Command } from 'commander'
import { defined } from '../../model/defined.ts'

interface BaselineOptions {
  readonly out: string
  readonly json?: true
}

/** `fulcrum baseline set|show` */
export function addBaseline(program: Command): void {
  const baseline = program
    .command('baseline')
    .description('the run that later runs of its sweep are held against')
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum baseline set results/nightly/…
  $ fulcrum baseline show nightly --json
  $ fulcrum compare baseline results/nightly/…

It is kept in results/<sweep>/baseline.json. Both take --out and --json.`,
    )
  baseline
    .command('set')
    .argument('[run]', 'folder of a run; the newest one when left out')
    .description('make a run the baseline of its sweep')
    .option('--out <dir>', 'where runs are kept', 'results')
    .option('--json', 'print as JSON')
    .action(async (folder: string | undefined, options: BaselineOptions) => {
      const { chooseBaseline } = await import('../../commands/baseline.ts')
      const set = await chooseBaseline({ ...defined({ folder }), resultsRoot: options.out })
      if (options.json) console.log(JSON.stringify(set))
      else console.log(`baseline: ${set.folder}${set.before === null ? '' : `\nbefore: ${set.before}`}`)
    })
  baseline
    .command('show')
    .argument('[sweep]', 'name of a sweep; the only one when left out')
    .description('the baseline of a sweep')
    .option('--out <dir>', 'where runs are kept', 'results')
    .option('--json', 'print as JSON')
    .action(async (sweep: string | undefined, options: BaselineOptions) => {
      const { shownBaseline } = await import('../../commands/baseline.ts')
      const shown = await shownBaseline(options.out, sweep)
      if (options.json) console.log(JSON.stringify(shown))
      else if (shown.folder === null) console.log(`${shown.sweep}: no baseline (fulcrum baseline set RUN chooses one)`)
      else console.log(`${shown.sweep}: ${shown.folder}, ${shown.youngerRuns} younger runs`)
    })
}

import type { Command } from 'commander'
import { defined } from '../../model/defined.ts'
import { jsonText } from '../json-text.ts'
import { addOut, runArgument } from '../options.ts'

interface BaselineOptions {
  readonly out: string
  readonly json?: true
}

/** `fulcrum baseline set|show` */
export function addBaseline(program: Command): void {
  const baseline = program
    .command('baseline')
    .description('Set or show the run that later runs of a sweep are compared with')
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum baseline set results/nightly/20261124T230000Z-1a2b3c
  $ fulcrum baseline show nightly --json
  $ fulcrum compare baseline results/nightly/…

Fulcrum stores the baseline in results/<sweep>/baseline.json.`,
    )
  addOut(
    baseline
      .command('set')
      .argument(...runArgument)
      .description('Make a run the baseline of its sweep')
      .option('--json', 'Print JSON'),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum baseline set
  $ fulcrum baseline set results/nightly/20261124T230000Z-1a2b3c`,
    )
    .action(async (folder: string | undefined, options: BaselineOptions) => {
      const { chooseBaseline } = await import('../../commands/baseline.ts')
      const set = await chooseBaseline({ ...defined({ folder }), resultsRoot: options.out })
      if (options.json) console.log(jsonText(set))
      else console.log(`Baseline: ${set.folder}${set.before === null ? '' : `\nBefore: ${set.before}`}`)
    })
  addOut(
    baseline
      .command('show')
      .argument('[sweep]', 'Name of a sweep (default: the only one)')
      .description('Show the baseline of a sweep')
      .option('--json', 'Print JSON'),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum baseline show
  $ fulcrum baseline show nightly --json`,
    )
    .action(async (sweep: string | undefined, options: BaselineOptions) => {
      const { shownBaseline } = await import('../../commands/baseline.ts')
      const shown = await shownBaseline(options.out, sweep)
      if (options.json) console.log(jsonText(shown))
      else if (shown.folder === null) console.log(`${shown.sweep}: no baseline (set one with fulcrum baseline set RUN)`)
      else
        console.log(
          `${shown.sweep}: ${shown.folder}, ${shown.youngerRuns} newer ${shown.youngerRuns === 1 ? 'run' : 'runs'}`,
        )
    })
}

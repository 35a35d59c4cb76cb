import type { Command } from 'commander'
import { FulcrumError } from '../../model/error.ts'
import { exitCodeOf } from '../../model/exit-codes.ts'
import { datasetText, traceText } from '../../render/terminal/dataset.ts'
import { wrappedInTerminal } from '../../render/terminal/wrapped.ts'
import { counted } from '../../render/views/format.ts'
import { addDownload, downloadIfAsked } from '../download-tokenizer.ts'
import { jsonText } from '../json-text.ts'
import { addAllowPoints } from '../options.ts'
import { printError } from '../print-error.ts'

/** `fulcrum validate FILE…` */
export function addValidate(program: Command): void {
  const command = program
    .command('validate')
    .argument('<files...>', 'Sweep files')
    .description('Check sweep files without starting anything')
    .option('--json', 'Print one JSON object per file')
  addDownload(addAllowPoints(command))
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum validate sweeps/quick.yaml
  $ fulcrum validate sweeps/*.yaml --json

Lists every mistake of every file as file:line:column with a remedy, and exits
with code 2 if there is any.`,
    )
    .action(async (files: string[], options: { json?: true; allowPoints?: number; downloadTokenizer?: true }) => {
      const { validateSweep } = await import('../../commands/plan.ts')
      for (const file of files) {
        await downloadIfAsked(options.downloadTokenizer, file)
        const checked = await validateSweep(file, options).catch((error: unknown) => ({ error }))
        if ('error' in checked) {
          process.exitCode = Math.max(
            Number(process.exitCode ?? 0),
            refused(checked.error, file, options.json === true),
          )
          continue
        }
        const { sweep, points } = checked
        const { name, warnings, datasets = [], traces = [], variants = [] } = sweep
        const names = variants.map(variant => variant.name)
        if (options.json) {
          const named = names.length === 0 ? {} : { variants: names }
          console.log(jsonText({ file, valid: true, name, points, ...named, warnings, datasets, traces }))
          continue
        }
        console.log(
          `${file}: fine (${counted(points, 'point')} over ${counted(sweep.deployments.length, 'deployment')})`,
        )
        if (names.length > 0) console.log(`variants: ${names.join(', ')}`)
        for (const dataset of datasets) console.log(wrappedInTerminal(datasetText(dataset)))
        for (const trace of traces) console.log(wrappedInTerminal(traceText(trace)))
        for (const warning of warnings) console.log(wrappedInTerminal(`warning: ${warning}`))
      }
    })
}

/** Reports the problems of one file and returns its exit code, so that the remaining files are checked too. */
function refused(error: unknown, file: string, json: boolean): number {
  if (!(error instanceof FulcrumError)) throw error
  if (!json) return printError(error, false)
  const { kind, code, message, where, remedy } = error
  console.log(jsonText({ file, valid: false, error: { kind, code, message, where, remedy } }))
  return exitCodeOf(kind)
}

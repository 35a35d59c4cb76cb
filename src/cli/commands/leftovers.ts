import type { Command } from 'commander'
import { jsonText } from '../json-text.ts'

/** `fulcrum leftovers [--end]` */
export function addLeftovers(program: Command): void {
  program
    .command('leftovers')
    .description('List processes and Slurm jobs that a killed Fulcrum left behind, or end them')
    .option('--end', 'End them')
    .option('--json', 'Print JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum leftovers
  $ fulcrum leftovers --end`,
    )
    .action(async (options: { end?: true; json?: true }) => {
      const { endLeftovers, findLeftovers } = await import('../../commands/leftovers.ts')
      const leftovers = await findLeftovers()
      if (options.end) await endLeftovers(leftovers)
      if (options.json) console.log(jsonText({ leftovers, ended: options.end === true }))
      else if (leftovers.length === 0) console.log('No leftovers')
      else {
        for (const { name, pid, slurmJob, argv } of leftovers)
          console.log(`${pid ?? `Slurm job ${slurmJob}`}  ${name}  ${argv.join(' ')}`)
        console.log(options.end ? 'Ended' : 'End them with fulcrum leftovers --end')
      }
    })
}

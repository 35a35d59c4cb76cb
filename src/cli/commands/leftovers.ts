import type { Command } from 'commander'

/** `fulcrum leftovers [--end]` */
export function addLeftovers(program: Command): void {
  program
    .command('leftovers')
    .description('name processes and Slurm jobs that a killed Fulcrum left behind, and end just those when asked')
    .option('--end', 'end them')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExamples:\n  $ fulcrum leftovers\n  $ fulcrum leftovers --end')
    .action(async (options: { end?: true; json?: true }) => {
      const { endLeftovers, findLeftovers } = await import('../../commands/leftovers.ts')
      const leftovers = await findLeftovers()
      if (options.end) await endLeftovers(leftovers)
      if (options.json) console.log(JSON.stringify({ leftovers, ended: options.end === true }))
      else if (leftovers.length === 0) console.log('none')
      else {
        for (const { name, pid, slurmJob, argv } of leftovers)
          console.log(`${pid ?? `Slurm job ${slurmJob}`}  ${name}  ${argv.join(' ')}`)
        console.log(options.end ? 'ended' : 'end them: fulcrum leftovers --end')
      }
    })
}

import type { Command } from 'commander'
import { examine, exitCodes } from '../../index.ts'

/** `fulcrum doctor [FILE]` */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .argument('[file]', 'sweep file whose needs are checked; only the machine when left out')
    .description('check that this machine has what a sweep needs, with a remedy for what is missing; starts no worker')
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', '\nExamples:\n  $ fulcrum doctor\n  $ fulcrum doctor sweeps/dynamo-mocker.yaml')
    .action(async (file: string | undefined, options: { json?: true }) => {
      const checks = await examine(file)
      if (options.json) console.log(JSON.stringify(checks, null, 2))
      else {
        for (const check of checks) {
          console.log(`${check.ok ? 'ok  ' : 'FAIL'}  ${check.name}: ${check.detail}`)
          if (!check.ok && check.remedy !== undefined) console.log(`      to do: ${check.remedy}`)
        }
      }
      if (checks.some(check => !check.ok)) process.exitCode = exitCodes.environment
    })
}

import type { Command } from 'commander'
import { defined } from '../../model/defined.ts'
import { FulcrumError } from '../../model/error.ts'
import { interruption } from '../interruption.ts'
import { jsonText } from '../json-text.ts'
import { addOut, runArgument } from '../options.ts'

interface PushOptions {
  readonly out: string
  readonly to: string
  readonly tokenFile?: string
  readonly json?: true
}

/** `fulcrum push [RUN] --to URL` */
export function addPush(program: Command): void {
  const command = program
    .command('push')
    .argument(...runArgument)
    .description('Upload a run to a site started with fulcrum serve --uploads')
    .requiredOption('--to <url>', 'Address of the site')
    .option('--token-file <path>', 'File with the token of the site (default: the variable FULCRUM_TOKEN)')
    .option('--json', 'Print the outcome as JSON')
  addOut(command)
    .addHelpText(
      'after',
      `
Examples:
  $ FULCRUM_TOKEN=… fulcrum push --to https://fulcrum.example
  $ fulcrum push results/nightly/… --to http://lab:4747 --token-file token

A run that the site already has stays unchanged. If it was resumed here, it
replaces the shorter copy. The site refuses a different run with the same name.`,
    )
    .action(async (folder: string | undefined, { out, to, tokenFile, json }: PushOptions) => {
      const { tokenFrom } = await import('../../commands/site-token.ts')
      const token = await tokenFrom(tokenFile, process.env)
      if (token === null)
        throw new FulcrumError('bad-input', 'no-token', 'A push needs the token of the site.', {
          remedy: 'Give it in a file with --token-file, or in the environment variable FULCRUM_TOKEN.',
        })
      const { pushRun } = await import('../../commands/push.ts')
      using interrupted = interruption({ quiet: true })
      const pushed = await pushRun({
        ...defined({ folder }),
        resultsRoot: out,
        to,
        token,
        signal: interrupted.signal,
      })
      if (json) console.log(jsonText(pushed))
      else console.log(`${said[pushed.outcome]} ${pushed.url}`)
    })
}

const said = { created: 'Uploaded to', replaced: 'Uploaded the rest to', unchanged: 'Already at' } as const

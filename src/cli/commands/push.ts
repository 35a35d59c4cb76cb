import type { Command } from 'commander'
import { defined } from '../../model/defined.ts'
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
    .description('Upload a run to a site (fulcrum serve --uploads) or to an S3-compatible store')
    .requiredOption('--to <url>', 'Address of the site, or s3://BUCKET/PREFIX')
    .option('--token-file <path>', 'File with the token of the site (default: the variable FULCRUM_TOKEN)')
    .option('--json', 'Print the outcome as JSON')
  addOut(command)
    .addHelpText(
      'after',
      `
Examples:
  $ FULCRUM_TOKEN=… fulcrum push --to https://fulcrum.example
  $ fulcrum push results/nightly/… --to http://lab:4747 --token-file token
  $ fulcrum push --to s3://benchmarks/fulcrum

A run that was uploaded before is left unchanged, unless it has been resumed
since: it then replaces the shorter copy. A different run with the same name is
rejected. Stores need AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and outside
AWS also AWS_ENDPOINT_URL_S3.`,
    )
    .action(async (folder: string | undefined, { out, to, tokenFile, json }: PushOptions) => {
      const { tokenFrom } = await import('../../commands/site-token.ts')
      const token = await tokenFrom(tokenFile, process.env)
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

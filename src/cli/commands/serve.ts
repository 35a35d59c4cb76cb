import type { Command } from 'commander'
import { defined } from '../../model/defined.ts'
import { ciPlaces, repositoryOption } from '../ci-places.ts'
import { interruption } from '../interruption.ts'
import { jsonText } from '../json-text.ts'
import { addOut } from '../options.ts'
import { wholeNumber } from '../whole-number.ts'

interface ServeOptions {
  readonly out: string
  readonly port: number
  readonly host: string
  readonly repositoryUrl?: string
  readonly json?: true
}

/** `fulcrum serve [RESULTS]` */
export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .argument('[results]', 'Same as --out')
    .description('Serve the results as a local, read-only site: search, reports, comparisons, history and live runs')
    .option('--port <n>', 'Port to listen on; 0 picks a free one', wholeNumber({ from: 0, to: 65_535 }), 4747)
    .option('--host <address>', 'Address to listen on; any but loopback lets the network read the results', '127.0.0.1')
    .option(...repositoryOption)
    .option('--json', 'Print the address as JSON')
  addOut(command)
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum serve
  $ fulcrum serve /data/results --port 0
  $ ssh -L 4747:localhost:4747 gpu-host fulcrum serve

With the last one, open http://localhost:4747/ on this machine. The site shows
nothing outside the folder. Ctrl-C stops it with exit code 0.`,
    )
    .action(async (results: string | undefined, { out, port, host, repositoryUrl, json }: ServeOptions) => {
      const resultsRoot = results ?? out
      const repository = repositoryUrl ?? ciPlaces(process.env).repository
      const { serveResults } = await import('../../commands/serve.ts')
      using interrupted = interruption({ quiet: true })
      await using site = await serveResults({ resultsRoot, host, port, ...defined({ repository }) })
      if (json) console.log(jsonText({ url: site.url }))
      else console.log(`Serving ${resultsRoot} at ${site.url} (press Ctrl-C to stop)`)
      if (site.reach === 'network')
        console.error(`Anyone who can reach ${host} can read these results: the site has no accounts.`)
      if (!interrupted.signal.aborted)
        await new Promise(resolve => interrupted.signal.addEventListener('abort', resolve, { once: true }))
    })
}

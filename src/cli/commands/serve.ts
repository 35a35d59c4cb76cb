import type { Command } from 'commander'
import { interruption } from '../interruption.ts'
import { wholeNumber } from '../whole-number.ts'

interface ServeOptions {
  readonly port: number
  readonly host: string
  readonly json?: true
}

/** `fulcrum serve [RESULTS]` */
export function addServe(program: Command): void {
  program
    .command('serve')
    .argument('[results]', 'folder that runs are kept in', 'results')
    .description('results as a small local site: search, reports, comparisons, history, and running sweeps live')
    .option('--port <n>', 'port to listen on; 0 for any free one', wholeNumber({ from: 0, to: 65_535 }), 4747)
    .option(
      '--host <address>',
      'address to listen on; others than loopback let the network read the results',
      '127.0.0.1',
    )
    .option('--json', 'print the address as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum serve
  $ fulcrum serve /data/results --port 0
  $ ssh -L 4747:localhost:4747 gpu-host fulcrum serve    then open http://localhost:4747/ here

The site can only be read, and shows nothing outside the folder. Ctrl-C stops it (exit code 0).`,
    )
    .action(async (resultsRoot: string, { port, host, json }: ServeOptions) => {
      const { serveResults } = await import('../../commands/serve.ts')
      using interrupted = interruption({ quiet: true })
      await using site = await serveResults({ resultsRoot, host, port })
      if (json) console.log(JSON.stringify({ url: site.url }))
      else console.log(`Serving ${resultsRoot} at ${site.url} (Ctrl-C stops it)`)
      if (site.reach === 'network')
        console.error(`Everybody who reaches ${host} can read these results: the site has no accounts.`)
      if (!interrupted.signal.aborted)
        await new Promise(resolve => interrupted.signal.addEventListener('abort', resolve, { once: true }))
    })
}

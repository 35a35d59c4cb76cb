import type { Command } from 'commander'
import { defined } from '../../model/defined.ts'
import { FulcrumError } from '../../model/error.ts'
import { ciLinks, repositoryOption } from '../ci-links.ts'
import { interruption } from '../interruption.ts'
import { jsonText } from '../json-text.ts'
import { addOpen, addOut, openIfAsked, repeated } from '../options.ts'
import { wholeNumber } from '../whole-number.ts'

interface ServeOptions {
  readonly out: string
  readonly port: number
  readonly host: string
  readonly repositoryUrl?: string
  readonly allowHost?: readonly string[]
  readonly tokenFile?: string
  readonly uploads?: true
  readonly maxUpload: number
  readonly auditLog?: string
  readonly json?: true
  readonly open?: true
}

/** `fulcrum serve [RESULTS]` */
export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .argument('[results]', 'Same as --out; or an S3-compatible store, s3://BUCKET/PREFIX')
    .description('Serve the results as a site: search, reports, comparisons, history, live runs and a JSON API')
    .option('--port <n>', 'Port to listen on; 0 picks a free one', wholeNumber({ from: 0, to: 65_535 }), 4747)
    .option('--host <address>', 'Address to listen on; all except loopback require a token', '127.0.0.1')
    .option(
      '--allow-host <name>',
      'Also accept requests for this host name, for a proxy or DNS name (repeatable)',
      repeated,
    )
    .option(
      '--token-file <path>',
      'File with the token (default: the variable FULCRUM_TOKEN, else a new token if one is required)',
    )
    .option('--uploads', 'Accept runs from fulcrum push; needs a token')
    .option('--max-upload <mib>', 'Largest upload, unpacked, in MiB', wholeNumber({ from: 1, to: 1_048_576 }), 1024)
    .option('--audit-log <file>', 'Log of logins and uploads (default: .audit.jsonl in the results)')
    .option(...repositoryOption)
    .option('--json', 'Print the address as JSON')
  addOpen(addOut(command))
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum serve
  $ fulcrum serve /data/results --port 0
  $ ssh -L 4747:localhost:4747 gpu-host fulcrum serve
  $ fulcrum serve /data/results --host 0.0.0.0 --token-file token --uploads
  $ fulcrum serve s3://benchmarks/fulcrum

For the third example, open http://localhost:4747/ on this machine. The site
shows nothing outside the folder. Ctrl-C stops it with exit code 0. For a store,
it shows a copy in ~/.cache/fulcrum and checks for changes every 30 s.`,
    )
    .action(async (results: string | undefined, options: ServeOptions) => {
      const { out, port, host, repositoryUrl, json, uploads, maxUpload, allowHost, auditLog } = options
      const resultsRoot = results ?? out
      const repository = repositoryUrl ?? ciLinks(process.env).repository
      const { serveResults, serveStore } = await import('../../commands/serve.ts')
      const { siteToken } = await import('../../commands/site-token.ts')
      using interrupted = interruption({ quiet: true })
      const { token, isNew } = await siteToken(host, options.tokenFile, process.env)
      const { countedProgress, progressLine } = await import('../repainter.ts')
      using line = progressLine(process.stderr)
      const mostBytes = maxUpload * 1024 ** 2
      const request = {
        host,
        port,
        token,
        keepsKnown: true,
        ...defined({ repository, auditLog, allowedHosts: allowHost }),
        onRead: countedProgress(line, 'runs read'),
      }
      const isStore = /^s3:/i.test(resultsRoot)
      if (isStore && uploads !== undefined)
        throw new FulcrumError('bad-input', 'store-uploads', 'A site of a store takes no uploads.', {
          remedy: `Push to the store itself: fulcrum push --to ${resultsRoot}`,
        })
      await using site = isStore
        ? await serveStore({
            ...request,
            store: resultsRoot,
            env: process.env,
            mostBytes,
            onFetch: countedProgress(line, 'runs fetched'),
            onNotice: text => console.error(text),
            signal: interrupted.signal,
          })
        : await serveResults({
            ...request,
            resultsRoot,
            ...(uploads === undefined ? {} : { uploads: { mostBytes } }),
          })
      line[Symbol.dispose]()
      if (json) console.log(jsonText({ url: site.url, ...(isNew ? { token } : {}) }))
      else console.log(`Serving ${resultsRoot} at ${site.url} (press Ctrl-C to stop)`)
      if (isNew && !json) console.log(`Log in with the token ${token}`)
      if (site.reach === 'network')
        console.error(`The network can reach ${host}. The connection is not encrypted: put a TLS proxy in front of it.`)
      await openIfAsked(options.open, site.url)
      if (!interrupted.signal.aborted)
        await new Promise(resolve => interrupted.signal.addEventListener('abort', resolve, { once: true }))
    })
}

import type { Command } from 'commander'
import { wholeNumber } from '../whole-number.ts'

/** `fulcrum shard`: `fulcrum run --shards` starts it on each host. Not for people. */
export function addShard(program: Command): void {
  program
    .command('shard', { hidden: true })
    .description('Send load as the coordinator on standard input directs; started by fulcrum run --shards')
    .option(
      '--listen <port>',
      'Wait for coordinators on this port of 127.0.0.1 instead',
      wholeNumber({ from: 0, to: 65_535 }),
    )
    .action(async ({ listen }: { listen?: number }) => {
      const { listenForCoordinators, serveShard } = await import('../../commands/shard.ts')
      if (listen !== undefined) {
        const ended = new AbortController()
        // The first process of a container ignores signals unless it handles them.
        for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => ended.abort())
        const why = await listenForCoordinators({ port: listen, signal: ended.signal })
        if (why === 'idle') console.error('No coordinator connected in time; the shard stops.')
        process.exit(why === 'idle' ? 1 : 0)
      }
      await serveShard({ input: process.stdin, output: process.stdout })
      // Requests may still be in flight; nothing reads their answers.
      process.exit()
    })
}

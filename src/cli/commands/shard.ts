import type { Command } from 'commander'
import { serveShard } from '../../index.ts'

/** `fulcrum shard`: what `fulcrum run --shards` starts on each host; not for people. */
export function addShard(program: Command): void {
  program
    .command('shard', { hidden: true })
    .description('load an endpoint as the coordinator at the other end of standard input says')
    .action(async () => {
      await serveShard({ input: process.stdin, output: process.stdout })
      // Requests may still be in flight: nobody wants their answers.
      process.exit()
    })
}

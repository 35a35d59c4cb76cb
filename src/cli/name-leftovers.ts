import { createInterface } from 'node:readline/promises'
import { endLeftovers, findLeftovers } from '../commands/leftovers.ts'
import { jsonText } from './json-text.ts'

/**
 * Names processes that a killed Fulcrum left running, because they take ports, GPUs and CPU from this measurement. In a
 * terminal, offers to end exactly those. Ends nothing unless the user agrees or gives `--end-leftovers`.
 */
export async function nameLeftovers(endThem: boolean, json: boolean, signal: AbortSignal): Promise<void> {
  const leftovers = await findLeftovers()
  if (leftovers.length === 0) return
  if (json) console.log(jsonText({ type: 'leftovers', leftovers, ended: endThem }))
  else {
    process.stderr.write('A killed Fulcrum left these processes running. They disturb measurements:\n')
    for (const { pid, slurmJob, name, argv } of leftovers)
      process.stderr.write(`  ${pid ?? `Slurm job ${slurmJob}`}  ${name}  ${argv.join(' ').slice(0, 100)}\n`)
  }
  if (endThem || (!json && (await agreed(signal)))) {
    await endLeftovers(leftovers)
    if (!json) process.stderr.write('Ended\n')
  } else if (!json)
    process.stderr.write('Not ended. End them with fulcrum leftovers --end, or run with --end-leftovers.\n')
}

async function agreed(signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await terminal.question('End these? [y/N] ', { signal })).trim())
  } finally {
    terminal.close()
  }
}

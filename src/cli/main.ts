import { CommanderError } from 'commander'
import { exitCodes } from '../model/exit-codes.ts'
import { programFor } from './program.ts'

/** Parses the command line, runs one command, sets the exit code. Never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  const json = argv.includes('--json')
  for (const stream of [process.stdout, process.stderr])
    if (!stream.listeners('error').includes(ignoreClosedPipe)) stream.on('error', ignoreClosedPipe)
  try {
    const program = await programFor(argv.slice(2))
    await program.parseAsync([...argv])
  } catch (error) {
    // Commander has already printed its own message.
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.badInput
    else process.exitCode = (await import('./print-error.ts')).printError(error, json)
  }
}

/** A reader such as `head` may close the pipe early. Work in progress continues, so that a run ends properly. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

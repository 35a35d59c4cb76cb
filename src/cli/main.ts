import { CommanderError } from 'commander'
import { exitCodes } from '../model/exit-codes.ts'
import { programFor } from './program.ts'

/** Parses the command line, runs one command, sets the exit code. Never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  const json = argv.includes('--json')
  for (const [stream, listener] of [[process.stdout, outputLost] as const, [process.stderr, ignored] as const])
    if (!stream.listeners('error').includes(listener)) stream.on('error', listener)
  try {
    const program = await programFor(argv.slice(2))
    await program.parseAsync([...argv])
  } catch (error) {
    // Commander has already printed its own message.
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.badInput
    else process.exitCode = (await import('./print-error.ts')).printError(error, json)
  }
}

/**
 * A reader such as `head` may close the pipe early, and a disk may be too full for the output. Work in progress
 * continues, so that a run ends properly. Lost output is reported once, and its exit code is that of a full disk.
 */
function outputLost(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE' || process.listeners('exit').includes(failLost)) return
  process.once('exit', failLost)
  void Promise.all([import('./print-error.ts'), import('../journal/disk.ts')]).then(([{ printError }, { diskError }]) =>
    printError(diskError(error, 'write the output', 'standard output'), false),
  )
}

function failLost(): void {
  process.exitCode = exitCodes.environment
}

/** Messages that cannot be written are lost, and there is nowhere to say so. */
function ignored(): void {}

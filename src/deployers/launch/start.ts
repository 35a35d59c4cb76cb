import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { defined } from '../../model/index.ts'
import type { ProcessLedger } from '../../process/ledger.ts'
import { type ProcessSpec, type RunningProcess, startProcess } from '../../process/process.ts'
import { heartbeatS } from './guard.ts'
import type { Launch } from './launcher.ts'

/** Starts a launch: writes its files, starts the local program, and sends heartbeats to a guard while it runs. */
export async function startLaunch(
  { argv, env, files, endsBy, partFailedIn }: Launch,
  place: Pick<ProcessSpec, 'name' | 'cwd' | 'logFile' | 'onStdoutLine' | 'host'>,
  ledger: ProcessLedger,
): Promise<RunningProcess> {
  await writeFiles(files)
  const process = await startProcess({ ...place, argv, env, endsBy, ...defined({ partFailedIn }) }, ledger)
  if (endsBy === 'stdin') {
    const beat = setInterval(() => process.send(''), heartbeatS * 1000).unref()
    void process.exited.then(() => clearInterval(beat))
  }
  return process
}

/** Writes the files that a task needs on this machine, with their folders. */
export async function writeFiles(files: Launch['files']): Promise<void> {
  for (const { path, content } of files) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }
}

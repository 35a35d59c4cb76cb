import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Deployer } from '../deployers/deployer.ts'
import { diskError } from '../journal/index.ts'
import { redactor } from '../model/index.ts'

/**
 * Keeps the last lines of each process's log beside a point that went wrong, with secrets removed.
 * @throws FulcrumError (environment) if the disk refuses
 */
export async function keepWorkerLogs(deployer: Pick<Deployer, 'logs'>, pointFolder: string): Promise<void> {
  const logs = Object.entries(deployer.logs())
  if (logs.length === 0) return
  const redact = redactor(process.env)
  const folder = join(pointFolder, 'logs')
  try {
    await mkdir(folder, { recursive: true })
    for (const [name, lines] of logs)
      await writeFile(join(folder, `${name.replace(/[^A-Za-z0-9._-]+/g, '-')}.log`), redact(`${lines.join('\n')}\n`))
  } catch (error) {
    throw diskError(error, 'keep the logs of the workers', folder)
  }
}

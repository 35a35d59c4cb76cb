/** A Fulcrum that starts one process, prints its number, and waits to be ended. Argument: a folder. */
import { join } from 'node:path'
import { openLedger } from '../../src/process/ledger.ts'
import { startProcess } from '../../src/process/process.ts'

const folder = process.argv[2] ?? '.'
const ledger = await openLedger({ folder: join(folder, 'ledger') })
const argv: [string, ...string[]] = [process.execPath, '-e', 'setInterval(() => {}, 1000)']
const child = await startProcess(
  { name: 'worker', argv, env: {}, cwd: folder, logFile: join(folder, 'worker.log') },
  ledger,
)
console.log(child.pid)
setInterval(() => {}, 1000)

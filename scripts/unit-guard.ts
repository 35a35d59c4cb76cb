/**
 * Loaded into every test file of the parts `unit` and `long` (`node --import`): a child process, a worker thread or a
 * port is an error there, also where the code under test catches it. So the part stays fast, and runs anywhere.
 */
import childProcess from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import workerThreads from 'node:worker_threads'
import { declaration } from './test-parts.ts'

const violations = new Set<string>()

function forbid(target: object, name: string, what: string, part: string): void {
  // A declaration, because `new Worker` calls it as a constructor.
  function refuse(): never {
    const violation = `a unit test ${what} (${name}); make '${declaration(part)}' the first line of its file`
    violations.add(violation)
    throw new Error(violation)
  }
  Object.defineProperty(target, name, { value: refuse, configurable: true, writable: true, enumerable: true })
}

for (const name of ['spawn', 'spawnSync', 'fork', 'exec', 'execSync', 'execFile', 'execFileSync'])
  forbid(childProcess, name, 'starts a process', 'process')
forbid(workerThreads, 'Worker', 'starts a thread', 'load')
forbid(net.Server.prototype, 'listen', 'opens a port', 'load')
syncBuiltinESMExports()

process.on('exit', () => {
  for (const violation of violations) console.error(violation)
  if (violations.size > 0) process.exitCode = 1
})

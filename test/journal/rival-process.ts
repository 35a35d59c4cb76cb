/** Takes the lock of the folder named on the command line, says how that went, and keeps it until stdin ends. */
import { lockRun } from '../../src/journal/index.ts'

try {
  const lock = await lockRun(process.argv[2] ?? '')
  console.log(`held as attempt ${lock.attempt}`)
} catch (error) {
  console.log(error instanceof Error ? error.message : error)
}
process.stdin.resume()

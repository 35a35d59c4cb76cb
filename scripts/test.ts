/**
 * `npm test`: installs the real systems, checks types and lint, runs all tests, prints the counts.
 *
 *   npm test                       everything
 *   npm test -- test/generators        the tests below one folder (or one file); nothing is installed
 */
import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { execa } from 'execa'

const root = join(import.meta.dirname, '..')
process.chdir(root)
const only = process.argv.slice(2)

interface Counts {
  passed: number
  failed: number
  skipped: number
}

async function step(name: string, command: string, args: readonly string[]): Promise<void> {
  console.log(`\n# ${name}`)
  const { exitCode } = await execa(command, args, { stdio: 'inherit', reject: false, preferLocal: true })
  if (exitCode !== 0) {
    console.error(`${name} failed (exit code ${exitCode})`)
    process.exit(exitCode ?? 1)
  }
}

async function testFiles(folder: string): Promise<string[]> {
  if (folder.endsWith('.test.ts')) return [folder]
  const files = await Array.fromAsync(glob(`${folder}/**/*.test.ts`))
  return files.sort()
}

/** Real systems share the machine's two cores badly: their files run one at a time. */
async function runTests(title: string, files: readonly string[], concurrency: number): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  if (files.length === 0) return counts
  console.log(`\n# ${title}: ${files.length} files`)
  const stream = run({ files: [...files], concurrency, timeout: 900_000 })
  stream.on('test:summary', summary => {
    if (summary.file !== undefined) return
    counts.passed += summary.counts.passed
    const { tests, passed, skipped, todo } = summary.counts
    counts.failed += tests - passed - skipped - todo
    counts.skipped += skipped + todo
  })
  const reported = stream.compose(spec())
  reported.pipe(process.stdout, { end: false })
  await new Promise<void>((resolve, reject) => reported.on('end', resolve).on('error', reject))
  return counts
}

if (only.length === 0) {
  await step('systems', process.execPath, ['scripts/install-systems.ts'])
  await step('types', 'npm', ['run', '--silent', 'typecheck'])
  await step('lint', 'biome', ['check', '--error-on-warnings'])
}
const files = (await Promise.all((only.length > 0 ? only : ['test']).map(testFiles))).flat()
const isSystem = (file: string) => file.startsWith('test/systems/')
const started = Date.now()
const fast = await runTests(
  'tests',
  files.filter(file => !isSystem(file)),
  2,
)
const slow = await runTests('tests on real systems', files.filter(isSystem), 1)
const total = {
  passed: fast.passed + slow.passed,
  failed: fast.failed + slow.failed,
  skipped: fast.skipped + slow.skipped,
}
console.log(`\n${((Date.now() - started) / 1000).toFixed(0)} s`)
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0)

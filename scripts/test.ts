/** `npm test`: installs the real systems, checks types and lint, runs all tests, prints the counts. See `usage`. */
import { glob, readFile, stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { type Part, partNames, partOf, parts } from './test-parts.ts'

const root = join(import.meta.dirname, '..')
process.chdir(root)

const usage = `Usage: npm test -- [options] [PATH…]

Without arguments: install the real systems, check types and lint, run all tests.

  PATH          run only the test files at or below PATH, and install nothing
  --only PART   run only this part; repeat it for several parts
  --list        print the test files of each part, and run none
  --help        print this text

Parts:
${parts.map(({ name, about }) => `  ${name.padEnd(11)} ${about}`).join('\n')}

A test file belongs to the part of its folder (test/cli, test/systems), or to the one that its first line names
('// Test part: process'), or to unit.
`

interface Counts {
  readonly files: number
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly seconds: number
}

function refuse(message: string): never {
  console.error(`npm test: ${message}\n\n${usage}`)
  process.exit(2)
}

function readArguments() {
  const options = {
    only: { type: 'string', multiple: true },
    list: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const
  try {
    return parseArgs({ options, allowPositionals: true })
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error))
  }
}

async function step(name: string, command: string, args: readonly string[]): Promise<void> {
  console.log(`\n# ${name}`)
  const { exitCode } = await execa(command, args, { stdio: 'inherit', reject: false, preferLocal: true })
  if (exitCode !== 0) {
    console.error(`${name} failed (exit code ${exitCode})`)
    process.exit(exitCode ?? 1)
  }
}

async function testFiles(path: string): Promise<string[]> {
  const kind = await stat(path).catch(() => undefined)
  const files = kind?.isDirectory()
    ? await Array.fromAsync(glob(`${path}/**/*.test.ts`))
    : path.endsWith('.test.ts') && kind?.isFile()
      ? [path]
      : []
  if (files.length === 0) refuse(`no test files at '${path}'`)
  return files.map(file => relative(root, join(root, file))).sort()
}

async function byPart(files: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>(partNames.map(name => [name, []]))
  for (const file of files) found.get(partOf(file, await readFile(file, 'utf8')))?.push(file)
  return found
}

async function runPart(part: Part, files: readonly string[]): Promise<Counts> {
  console.log(`\n# ${part.name}: ${files.length} files`)
  const started = Date.now()
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const guarded = part.name === 'unit' || part.name === 'long'
  const stream = run({
    files: [...files],
    concurrency: part.concurrency === 'cores' ? Math.max(2, availableParallelism()) : part.concurrency,
    timeout: 900_000,
    execArgv: guarded ? ['--import', join(root, 'scripts/unit-guard.ts')] : [],
  })
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
  return { files: files.length, ...counts, seconds: (Date.now() - started) / 1000 }
}

const { values, positionals } = readArguments()
if (values.help) {
  console.log(usage)
  process.exit(0)
}
for (const name of values.only ?? [])
  if (!partNames.includes(name)) refuse(`unknown part '${name}'; the parts are ${partNames.join(', ')}`)

const everything = positionals.length === 0 && values.only === undefined
const paths = positionals.length > 0 ? positionals : ['test']
const files = await byPart([...new Set((await Promise.all(paths.map(testFiles))).flat())])
const chosen = parts.filter(
  ({ name }) => (values.only ?? partNames).includes(name) && (files.get(name) ?? []).length > 0,
)
if (chosen.length === 0) refuse(`no test files of ${values.only?.join(', ')} at ${paths.join(', ')}`)
if (values.list) {
  for (const { name } of chosen)
    console.log(
      `${name}\n${files
        .get(name)
        ?.map(file => `  ${file}`)
        .join('\n')}`,
    )
  process.exit(0)
}

if (positionals.length === 0 && chosen.some(part => part.needsSystems))
  await step('systems', process.execPath, ['scripts/install-systems.ts'])
if (everything) {
  await step('types', 'npm', ['run', '--silent', 'typecheck'])
  await step('lint', 'biome', ['check', '--error-on-warnings'])
}
// Test files and the commands that they start load the same modules again and again.
process.env.NODE_COMPILE_CACHE ??= join(root, '.cache/compiled')
const started = Date.now()
const results = new Map<string, Counts>()
for (const part of chosen) results.set(part.name, await runPart(part, files.get(part.name) ?? []))

const sum = (of: (counts: Counts) => number) => [...results.values()].map(of).reduce((total, count) => total + count, 0)
const said = (passed: number, failed: number, skipped: number) =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`
console.log()
for (const [name, { files, passed, failed, skipped, seconds }] of results)
  console.log(
    `${name.padEnd(8)} ${`${files}`.padStart(4)} files ${seconds.toFixed(0).padStart(5)} s  ${said(passed, failed, skipped)}`,
  )
console.log(`\n${((Date.now() - started) / 1000).toFixed(0)} s`)
const failed = sum(counts => counts.failed)
const passed = sum(counts => counts.passed)
console.log(
  said(
    passed,
    failed,
    sum(counts => counts.skipped),
  ),
)
process.exit(failed > 0 || passed === 0 ? 1 : 0)

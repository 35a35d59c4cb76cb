import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { execa } from 'execa'
import { repository, temporaryFolder } from '../cli/fulcrum.ts'

const sweep = `import { defineSweep } from 'fulcrum'

const ratios = [1, 2].map(prefill => ({ prefill, decode: 1 }))
const levels = [1, 2] as const

export default defineSweep({
  name: 'typed',
  model: 'nvidia/DeepSeek-R1-FP4',
  deploy: { with: 'simulated', profile: 'deepseek-r1-fp4-gb200' },
  topologies: [{ aggregated: 1 }, ...ratios],
  workloads: [{ isl: 100, osl: 4 }],
  load: { concurrency: levels, requests: '2x', warmup: '1x' },
  slo: { ttft_p95_ms: 5000 },
})
`

const mistakes = `import { capacity, defineSweep, type Run, runSweep } from 'fulcrum'

const deploy = { with: 'simulated', profile: 'deepseek-r1-fp4-gb200' } as const
const load = { concurrency: [1] }
// @ts-expect-error a key is misspelt
defineSweep({ name: 'a', model: 'm', deploy, load, workload: ['100/4'] })
// @ts-expect-error a key of the load is misspelt
defineSweep({ name: 'a', model: 'm', deploy, load: { concurency: [1] }, workloads: ['100/4'] })
// @ts-expect-error a key of the deployer is misspelt
defineSweep({ name: 'a', model: 'm', deploy: { with: 'simulated', profil: 'p' }, load, workloads: ['100/4'] })
// @ts-expect-error there is no such deployer
defineSweep({ name: 'a', model: 'm', deploy: { with: 'simulatd' }, load, workloads: ['100/4'] })
// @ts-expect-error a key of the generator is misspelt
defineSweep({ name: 'a', model: 'm', deploy, load, workloads: ['100/4'], generator: { name: 'genai-perf', comand: 'g' } })
defineSweep({ name: 'a', model: 'm', deploy: { with: './mine.ts', any: [1] }, load, workloads: ['100/4'], generator: '@us/load' })
defineSweep({ name: 'a', model: 'm', deploy, load, workloads: ['100/4'], generator: { name: 'genai-perf', command: 'g' } })
// @ts-expect-error a number is text
defineSweep({ name: 'a', model: 'm', deploy, load, workloads: ['100/4'], repeats: '3' })
// @ts-expect-error the model is missing
defineSweep({ name: 'a', deploy, load, workloads: ['100/4'] })
// @ts-expect-error an option that there is none of
runSweep('sweep.yaml', { resultsRoot: 'results' })
declare const run: Run
// @ts-expect-error the fleet has no size
capacity(run, { traffic: { peak_requests_per_s: 1 }, fleet: {} })
// @ts-expect-error a run is not to be changed
run.results = []
`

const program = `import { analyse, compare, FulcrumError, planSweep, readRun, type Run, runSweep, writeReport } from 'fulcrum'
import sweep from './sweep.ts'

async function measured(): Promise<Run> {
  let folder: string | undefined
  for await (const event of runSweep(sweep, { out: 'results', startNew: true, only: [id] })) {
    if (event.type === 'measured') console.log('measured', event.result.point.id, event.result.status)
    if (event.type === 'ended') folder = event.outcome.folder
  }
  if (folder === undefined) throw new Error('the run told no end')
  return readRun(folder)
}

const { deployments, pointCount } = await planSweep(sweep)
const id = deployments[0]?.points[0]?.id ?? ''
const base = await measured()
const head = await measured()
const { workloads } = analyse(base)
const { points, gates } = await compare(base, head, { failOn: ['ttft_p95>5%'] })
const [page] = await writeReport(base, 'report')
const refused = await planSweep({ ...sweep, repeats: 0 }).then(
  () => null,
  (error: unknown) => (error instanceof FulcrumError ? error.code : String(error)),
)
const ttftP95Ms: number | null = base.results[0]?.measurement?.ttftMs?.p95 ?? null
console.log(
  JSON.stringify({ pointCount, workloads: workloads.map(({ name }) => name), compared: points.length, gates: gates.length, page, refused, hasTtft: ttftP95Ms !== null }),
)
`

describe('a TypeScript project that uses the packed package', { timeout: 900_000 }, () => {
  const cleanup = new AsyncDisposableStack()
  let folder = ''
  let options: object = {}
  before(async () => {
    folder = cleanup.use(await temporaryFolder()).path
    options = { cwd: folder, env: { FULCRUM_STATE_DIR: join(folder, 'state') }, timeout: 300_000 }
    await execa('npm', ['pack', '--pack-destination', folder], { cwd: repository, timeout: 300_000 })
    const tarball = (await readdir(folder)).find(name => name.endsWith('.tgz')) ?? ''
    await writeFile(join(folder, 'package.json'), '{ "name": "consumer", "type": "module", "private": true }')
    await execa('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', `./${tarball}`], options)
    const texts = { 'sweep.ts': sweep, 'mistakes.ts': mistakes, 'program.ts': program }
    for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, name), text)
    const compilerOptions = {
      target: 'es2024',
      module: 'nodenext',
      lib: ['esnext'],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      allowImportingTsExtensions: true,
      noEmit: true,
      types: ['node'],
      typeRoots: [join(repository, 'node_modules/@types')],
      // Fulcrum's own declarations are checked below; those of its dependencies are theirs.
      skipLibCheck: true,
    }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  })
  after(() => cleanup.disposeAsync())

  const tsc = (args: readonly string[]) =>
    execa(join(repository, 'node_modules/.bin/tsc'), args, { ...options, reject: false })

  test('type-checks strictly, and tells misspelt keys and wrong values', async () => {
    const checked = await tsc(['-p', folder])
    assert.equal(checked.exitCode, 0, String(checked.stdout))
  })

  test('finds no error in the declarations that the package ships', async () => {
    const checked = await tsc(['-p', folder, '--skipLibCheck', 'false'])
    const own = String(checked.stdout)
      .split('\n')
      .filter(line => line.startsWith('node_modules/fulcrum/'))
    assert.deepEqual(own, [])
  })

  test('plans, runs, reads, analyses, compares and reports', async () => {
    const ran = await execa(process.execPath, ['program.ts'], { ...options, reject: false })
    assert.equal(ran.exitCode, 0, String(ran.stderr))
    const lines = String(ran.stdout).split('\n')
    assert.deepEqual(JSON.parse(lines.at(-1) ?? ''), {
      pointCount: 6,
      workloads: ['100/4'],
      compared: 1,
      gates: 1,
      page: join(folder, 'report/index.html'),
      refused: 'sweep-file-invalid',
      hasTtft: true,
    })
    assert.equal(lines.filter(line => line.startsWith('measured ')).length, 2)
  })

  test('plans its sweep with `fulcrum plan sweep.ts`', async () => {
    const command = [join(folder, 'node_modules/fulcrum/bin/fulcrum'), 'plan', 'sweep.ts']
    const planned = await execa(command[0] ?? '', command.slice(1), { ...options, reject: false })
    assert.equal(planned.exitCode, 0, String(planned.stderr))
    assert.match(String(planned.stdout), /6 points/)
  })
})

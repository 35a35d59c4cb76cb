import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'csv-parse/sync'
import { fulcrum, temporaryFolder } from './fulcrum.ts'

/** A generator that answers without a server: each request takes as long as its key says. */
const plugin = `import { decisive, defineGenerator, field, measurementOf, operational } from 'fulcrum'
import { z } from 'zod'

export default defineGenerator({
  name: 'steady-clock',
  about: 'Requests that take as long as they are told',
  keys: {
    ttft_ms: decisive(field(z.number().min(1), 'TTFT of each request, ms.', 'write a number from 1')),
    label: operational(field(z.string().optional(), 'Changes nothing.', 'write a text')),
  },
  capabilities: { apis: ['chat'], loads: ['concurrency'] },
  doctor: async ({ ttft_ms }) => [{ name: 'steady-clock', where: 'this machine', ok: true, detail: ttft_ms + ' ms a request' }],
  create: ({ ttft_ms }, { runFolder }) => ({
    measure: async point => {
      const requests = Array.from({ length: point.load.requests ?? 0 }, (_, i) => {
        const sentMs = Math.floor(i / point.load.level.concurrency) * (ttft_ms + 35)
        const firstTokenMs = sentMs + ttft_ms
        const times = { scheduledMs: sentMs, sentMs, firstTokenMs, secondTokenMs: firstTokenMs + 5, lastTokenMs: firstTokenMs + 35, doneMs: firstTokenMs + 35 }
        return { ...times, inputTokens: 100, outputTokens: 8, chunks: 8, firstChunkTokens: 1, failure: null }
      })
      return measurementOf(point, { version: '7', requests, startedAtMs: Date.now(), wallS: 1, tokenSource: 'usage', runFolder })
    },
    close: async () => {},
  }),
})
`

const sweep = (generator: string, load = '{ concurrency: [1, 2], requests: 10x }') => `name: plugged
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated, profile: deepseek-r1-fp4-gb200 }
topologies: [1P1D]
workloads: [{ isl: 100, osl: 8 }]
load: ${load}
generator: ${generator}
`

async function place() {
  const folder = await temporaryFolder()
  const write = async (generator: string, load?: string) => {
    await writeFile(join(folder.path, 'steady-clock.ts'), plugin)
    await writeFile(join(folder.path, 'sweep.yaml'), sweep(generator, load))
  }
  const run = (...args: string[]) =>
    fulcrum(args, { cwd: folder.path, env: { FULCRUM_STATE_DIR: join(folder.path, 'state') } })
  return { path: folder.path, write, run, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

const configured = '{ name: ./steady-clock.ts, ttft_ms: 40 }'

test('a generator of one’s own is validated, examined, previewed, run and reported like a shipped one', async () => {
  await using at = await place()
  await at.write(configured)
  const validated = await at.run('validate', 'sweep.yaml')
  assert.equal(validated.exitCode, 0, validated.stderr)
  assert.match((await at.run('doctor', 'sweep.yaml')).stdout, /steady-clock: 40 ms a request/)
  const preview = await at.run('run', 'sweep.yaml', '--dry-run')
  assert.equal(preview.exitCode, 0, preview.stderr)
  const plan = JSON.parse((await at.run('plan', 'sweep.yaml', '--json')).stdout)
  assert.deepEqual([plan.sweep.generator, plan.sweep.generatorSettings.ttft_ms], ['steady-clock', 40])

  const ran = await at.run('run', 'sweep.yaml', '--json')
  assert.equal(ran.exitCode, 0, ran.stderr)
  const outcome = JSON.parse(ran.stdout.split('\n').at(-1) ?? '') as { folder: string }
  const csv = await readFile(join(outcome.folder, 'report/points.csv'), 'utf8')
  const cells = parse<{ readonly [column: string]: string }>(csv, { columns: true })
  assert.deepEqual(
    cells.map(({ generator, ttft_p50_ms, window }) => [generator, Number(ttft_p50_ms), window]),
    [
      ['steady-clock 7', 40, 'whole'],
      ['steady-clock 7', 40, 'whole'],
    ],
  )
})

test('a decisive key makes other points, an operational one the same', async () => {
  await using at = await place()
  const ids = async (generator: string) => {
    await at.write(generator)
    const plan = JSON.parse((await at.run('plan', 'sweep.yaml', '--json')).stdout)
    return plan.deployments.flatMap(({ points }: { points: { id: string }[] }) => points.map(({ id }) => id))
  }
  const first = await ids(configured)
  assert.deepEqual(await ids('{ name: ./steady-clock.ts, ttft_ms: 40, label: other }'), first)
  assert.notDeepEqual(await ids('{ name: ./steady-clock.ts, ttft_ms: 41 }'), first)
})

const mistakes: readonly (readonly [what: string, generator: string, load: string | undefined, problem: RegExp])[] = [
  [
    'an unknown key',
    '{ name: ./steady-clock.ts, ttft_ms: 40, labl: x }',
    undefined,
    /^fulcrum: sweep\.yaml:7:\d+: .*"labl".*did you mean "label"/m,
  ],
  [
    'a wrong value',
    '{ name: ./steady-clock.ts, ttft_ms: 0 }',
    undefined,
    /^fulcrum: sweep\.yaml:7:\d+: generator\.ttft_ms is 0, .*; write a number from 1$/m,
  ],
  [
    'a missing key',
    './steady-clock.ts',
    undefined,
    /^fulcrum: sweep\.yaml:7:\d+: generator\.ttft_ms is missing; write a number from 1$/m,
  ],
  ['a module that is not there', '{ name: ./no.ts }', undefined, /^fulcrum: sweep\.yaml:7:\d+: .*no\.ts/m],
  [
    'a load beyond its capabilities',
    configured,
    '{ request_rate: 3, requests: 10 }',
    /^fulcrum: sweep\.yaml:6:\d+: the generator steady-clock does not support a request rate; write concurrency, or write generator: built-in or genai-perf or aiperf or vllm-bench or guidellm$/m,
  ],
  [
    'shards that it can’t have',
    '{ name: ./steady-clock.ts, ttft_ms: 40, shards: 2 }',
    undefined,
    /^fulcrum: sweep\.yaml:7:\d+: the generator \.\/steady-clock\.ts cannot split/m,
  ],
]

for (const [what, generator, load, problem] of mistakes) {
  test(`${what} of a generator of one’s own is told with its place, and exit code 2`, async () => {
    await using at = await place()
    await at.write(generator, load)
    const { stderr, exitCode } = await at.run('validate', 'sweep.yaml')
    assert.match(stderr, problem)
    assert.equal(exitCode, 2)
  })
}

test('a plug-in that takes the name of a shipped generator is refused', async () => {
  await using at = await place()
  await at.write(configured)
  await writeFile(
    join(at.path, 'steady-clock.ts'),
    plugin.replace("name: 'steady-clock',\n  about", "name: 'aiperf',\n  about"),
  )
  const { stderr, exitCode } = await at.run('validate', 'sweep.yaml')
  assert.match(stderr, /:7:\d+: .*"aiperf", which is one of Fulcrum’s own; give it another name/)
  assert.equal(exitCode, 2)
})

test('a run does not go on with another plug-in than it began with', async () => {
  await using at = await place()
  await at.write(configured, '{ concurrency: 1, requests: 10x }')
  const file = join(at.path, 'steady-clock.ts')
  await writeFile(file, plugin.replace('async point => {', "async point => {\n      throw new Error('not today')"))
  const ran = await at.run('run', 'sweep.yaml', '--json')
  assert.equal(ran.exitCode, 1, ran.stderr)
  const { folder } = JSON.parse(ran.stdout.split('\n').at(-1) ?? '') as { folder: string }
  await writeFile(file, plugin)
  const resumed = await at.run('resume', folder, '--again', 'failed')
  assert.equal(resumed.exitCode, 2)
  assert.match(resumed.stderr, /Cannot continue the run. Since it started: .*steady-clock\.ts/)
})

test('a cross-check compares a generator of one’s own with a shipped one', async () => {
  await using at = await place()
  await at.write(configured)
  const args = ['crosscheck', 'sweep.yaml', '--generators', 'built-in,steady-clock', '--rounds', '2', '--json']
  const { stdout, stderr, exitCode } = await at.run(...args)
  assert.equal(exitCode, 0, stderr)
  assert.deepEqual(JSON.parse(stdout).generators, ['built-in', 'steady-clock'])
})

import assert from 'node:assert/strict'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fulcrum, temporaryFolder } from './fulcrum.ts'

const sweep = `
name: crosschecked
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated, profile: deepseek-r1-fp4-gb200 }
workloads: [{ isl: 64, osl: 4 }]
load: { concurrency: 1, requests: 4, warmup: 1 }
`

/** A generator that measures nothing. */
const secondGenerator = `import { defineGenerator, measurementOf } from 'fulcrum'

export default defineGenerator({
  name: 'twice',
  about: 'Requests that all take 40 ms',
  keys: {},
  capabilities: { apis: ['chat'], loads: ['concurrency'] },
  create: (_, { runFolder }) => ({
    measure: async point => {
      const times = { scheduledMs: 0, sentMs: 0, firstTokenMs: 10, secondTokenMs: 20, lastTokenMs: 40, doneMs: 40 }
      const request = { ...times, inputTokens: 64, outputTokens: 4, chunks: 4, firstChunkTokens: 1, failure: null }
      const requests = Array.from({ length: point.load.requests ?? 0 }, () => request)
      return measurementOf(point, { version: '1', requests, startedAtMs: 0, wallS: 1, tokenSource: 'usage', runFolder })
    },
    close: async () => {},
  }),
})
`

test('a tool that was asked for and is not there is not tested, with the reason and exit code 1', async () => {
  await using place = await temporaryFolder()
  const file = join(place.path, 'sweep.yaml')
  await writeFile(file, sweep)
  const absent = join(place.path, 'no-aiperf')
  const args = ['crosscheck', file, '--generators', 'built-in,aiperf', '--command', `aiperf=${absent}`, '--rounds', '2']
  const { stdout, exitCode } = await fulcrum(args, { env: { TMPDIR: place.path } })
  assert.equal(exitCode, 1)
  assert.match(stdout, /^not tested: aiperf failed in 2 of 2 rounds: .*no-aiperf/m)
  assert.doesNotMatch(stdout, /No difference/)
  const json = await fulcrum([...args, '--json'], { env: { TMPDIR: place.path } })
  assert.equal(json.exitCode, 1)
  assert.deepEqual(
    JSON.parse(json.stdout).notTested.map(({ generator }: { generator: string }) => generator),
    ['aiperf'],
  )
})

test('the files of the generators are temporary if all were compared, and kept and named if one was not', async () => {
  await using place = await temporaryFolder()
  const [file, temporary] = [join(place.path, 'sweep.yaml'), join(place.path, 'tmp')]
  await writeFile(file, sweep)
  await writeFile(join(place.path, 'twice.ts'), secondGenerator)
  await mkdir(temporary)
  const left = async () => (await readdir(temporary)).filter(name => name.startsWith('fulcrum-'))
  const check = (generators: string, ...more: string[]) =>
    fulcrum(['crosscheck', file, '--generators', generators, '--rounds', '2', ...more], {
      cwd: place.path,
      env: { TMPDIR: temporary },
    })

  const compared = await check('built-in,./twice.ts')
  assert.equal(compared.exitCode, 0, compared.stderr)
  assert.doesNotMatch(compared.stdout, /Files of the generators/)
  assert.deepEqual(await left(), [])

  assert.equal((await check('built-in,nobody')).exitCode, 2)
  assert.deepEqual(await left(), [])

  const untested = await check('built-in,aiperf', '--command', `aiperf=${join(place.path, 'no-aiperf')}`)
  assert.equal(untested.exitCode, 1)
  const [kept = ''] = await left()
  assert.match(untested.stdout, new RegExp(`^Files of the generators: ${join(temporary, kept)}$`, 'm'))
})

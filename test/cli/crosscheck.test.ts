import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
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

test('a tool that was asked for and is not there is not tested, with the reason and exit code 1', async () => {
  await using place = await temporaryFolder()
  const file = join(place.path, 'sweep.yaml')
  await writeFile(file, sweep)
  const absent = join(place.path, 'no-aiperf')
  const args = ['crosscheck', file, '--generators', 'built-in,aiperf', '--command', `aiperf=${absent}`, '--rounds', '2']
  const { stdout, exitCode } = await fulcrum(args)
  assert.equal(exitCode, 1)
  assert.match(stdout, /^not tested: aiperf failed in 2 of 2 rounds: .*no-aiperf/m)
  assert.doesNotMatch(stdout, /No difference/)
  const json = await fulcrum([...args, '--json'])
  assert.equal(json.exitCode, 1)
  assert.deepEqual(
    JSON.parse(json.stdout).notTested.map(({ generator }: { generator: string }) => generator),
    ['aiperf'],
  )
})

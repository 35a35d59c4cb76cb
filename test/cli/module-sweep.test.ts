import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fulcrum, temporaryFolder } from './fulcrum.ts'

const sweep = (more: string) => `import { defineSweep } from 'fulcrum'

const levels = [1, 2]
export default defineSweep({
  name: 'typed',
  model: 'nvidia/DeepSeek-R1-FP4',
  deploy: { with: 'simulated', profile: 'deepseek-r1-fp4-gb200' },
  topologies: [{ aggregated: 1 }],
  workloads: ['100/4'],
  load: { concurrency: levels, requests: '2x', warmup: '1x' },
  ${more}
})
`

test('a sweep in TypeScript is validated, planned, run and resumed like one in YAML', {
  timeout: 120_000,
}, async () => {
  await using folder = await temporaryFolder()
  const options = { cwd: folder.path, env: { FULCRUM_STATE_DIR: join(folder.path, 'state') } }
  const file = join(folder.path, 'sweep.ts')
  await writeFile(file, sweep('budget: { points: 1 },'))

  const validated = await fulcrum(['validate', 'sweep.ts', '--json'], options)
  assert.equal((JSON.parse(validated.stdout) as { points: number }).points, 2, validated.stderr)
  assert.equal((await fulcrum(['plan', 'sweep.ts'], options)).exitCode, 0)

  const begun = await fulcrum(['run', 'sweep.ts', '--json'], options)
  const outcome = JSON.parse(begun.stdout.split('\n').at(-1) ?? '') as {
    outcome: string
    folder: string
    points: { ok: number; missing: number }
  }
  assert.deepEqual([outcome.outcome, outcome.points.ok, outcome.points.missing], ['budget', 1, 1], begun.stderr)
  const manifest = JSON.parse(await readFile(join(outcome.folder, 'manifest.json'), 'utf8')) as { sweepText: string }
  assert.deepEqual((JSON.parse(manifest.sweepText) as { load: object }).load, {
    concurrency: [1, 2],
    requests: '2x',
    warmup: '1x',
  })

  // The run goes on from what the module said then, whatever it says or does now.
  await writeFile(file, 'throw new Error("changed since")\n')
  const resumed = await fulcrum(['resume', '--json'], options)
  const { points } = JSON.parse(resumed.stdout.split('\n').at(-1) ?? '') as typeof outcome
  assert.deepEqual([points.ok, points.missing], [2, 0], resumed.stderr)
})

test('nothing is started for a module that throws or a value that is wrong: exit code 2', async () => {
  await using folder = await temporaryFolder()
  const options = { cwd: folder.path, env: { FULCRUM_STATE_DIR: join(folder.path, 'state') } }
  await writeFile(join(folder.path, 'throws.ts'), '\nthrow new Error("no such rate")\n')
  await writeFile(join(folder.path, 'wrong.ts'), sweep('repeats: 0,'))
  for (const command of ['validate', 'plan', 'run']) {
    const thrown = await fulcrum([command, 'throws.ts'], options)
    assert.equal(thrown.exitCode, 2)
    assert.match(thrown.stderr, /throws\.ts:2: .*no such rate/)
    const wrong = await fulcrum([command, 'wrong.ts'], options)
    assert.equal(wrong.exitCode, 2)
    assert.match(wrong.stderr, /wrong\.ts: repeats is 0, below 1; write a whole number from 1/)
  }
})

test('a module whose sweep holds a secret runs again when its run is resumed', { timeout: 120_000 }, async () => {
  await using folder = await temporaryFolder()
  const options = { cwd: folder.path, env: { FULCRUM_STATE_DIR: join(folder.path, 'state') } }
  const file = join(folder.path, 'sweep.ts')
  const withSecret = sweep('budget: { points: 1 },').replace(
    "warmup: '1x'",
    "warmup: '1x', extra: { api_key: 'abcdefgh12' }",
  )
  await writeFile(file, withSecret)
  const begun = await fulcrum(['run', 'sweep.ts', '--json'], options)
  // The simulated engine knows no such field: the point fails, and the run stays unfinished all the same.
  assert.equal(begun.exitCode, 1, begun.stderr)
  const { folder: runFolder } = JSON.parse(begun.stdout.split('\n').at(-1) ?? '') as { folder: string }
  for (const name of ['manifest.json', 'journal.jsonl']) {
    const kept = await readFile(join(runFolder, name), 'utf8')
    assert.ok(kept.includes('<redacted>') && !kept.includes('abcdefgh12'), name)
  }
  assert.equal((await fulcrum(['resume', '--dry-run'], options)).exitCode, 0)
  await writeFile(file, withSecret.replace('abcdefgh12', 'other-one-12'))
  const refused = await fulcrum(['resume', '--dry-run'], options)
  assert.equal(refused.exitCode, 2)
  assert.match(refused.stderr, /has changed since this run started. It contains a secret/)
})

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { setBaseline } from '../../src/journal/index.ts'
import { writtenRun } from '../journal/written-run.ts'
import { noisyRun } from '../render/noisy-run.ts'
import { aggregated } from '../render/synthetic-run.ts'
import { fulcrum, repository, temporaryFolder } from './fulcrum.ts'

const runs = ['h100-vllm', 'h100-vllm-disagg', 'quick'].map(name => join(repository, 'results/baseline', name))

test('fulcrum overlay writes one page and prints a line for each frontier', async () => {
  await using folder = await temporaryFolder()
  const page = join(folder.path, 'picture.html')
  const { exitCode, stdout } = await fulcrum(['overlay', ...runs, '--to', page, '--label', 'vLLM'])
  assert.equal(exitCode, 0)
  assert.match(stdout, /4000\/128 {2}vLLM .*\n4000\/128 {2}gpu-vllm-disagg .*\n8000\/24 +quick/)
  assert.match(stdout, /Not available in these runs:[\s\S]*Output\s+tokens\/s\s+per\s+MW/)
  assert.ok(stdout.endsWith(`overlay: ${page}`))
  assert.match(await readFile(page, 'utf8'), /<title>Frontiers of gpu-vllm, gpu-vllm-disagg, quick: Fulcrum overlay/)
})

test('--out names the file as well, a folder gets overlay.html, and --json says where', async () => {
  await using folder = await temporaryFolder()
  const { stdout } = await fulcrum(['overlay', ...runs, '--out', folder.path, '--json'])
  const { page, rows } = JSON.parse(stdout)
  assert.equal(page, join(folder.path, 'overlay.html'))
  assert.equal(rows.length, 4)
  assert.equal(rows[0].onFrontier, 5)
})

const nightly = {
  sweep: 'nightly',
  workloads: [[1000, 1000] as const],
  topologies: [aggregated(2)],
  concurrencies: [4],
}

test('the folder of a sweep stands for all its runs, and its baseline for none of its own', async () => {
  await using folder = await temporaryFolder()
  const made: string[] = []
  for (const day of [1, 2])
    made.push(await writtenRun(noisyRun(nightly, { seed: day }), folder.path, new Date(Date.UTC(2026, 0, day))))
  await setBaseline(made[0] ?? '')
  const labelsOf = async (...runs: readonly string[]) => {
    const { stdout, stderr } = await fulcrum(['overlay', ...runs, '--to', folder.path, '--json'])
    return stderr === '' ? JSON.parse(stdout).rows.map((row: { label: string }) => row.label) : stderr
  }
  const sweep = join(folder.path, 'nightly')
  const all = ['nightly 2026-01-01', 'nightly 2026-01-02']
  assert.deepEqual(await labelsOf(sweep), all)
  assert.deepEqual(await labelsOf(join(sweep, 'baseline.json'), ...made), all)
})

test('--out holds the runs that are named by their IDs, and warns where it still names the page', async () => {
  await using folder = await temporaryFolder()
  const run = await writtenRun(noisyRun(nightly, { seed: 1 }), folder.path, new Date(Date.UTC(2026, 0, 1)))
  const page = join(folder.path, 'page.html')
  const byId = await fulcrum(['overlay', basename(run), '--out', folder.path, '--to', page])
  assert.deepEqual([byId.exitCode, byId.stderr], [0, ''])
  const old = await fulcrum(['overlay', run, '--out', join(folder.path, 'old.html')])
  assert.match(old.stderr, /^warning: --out for the page is deprecated .*; use --to$/)
  assert.ok(old.stdout.endsWith(join(folder.path, 'old.html')))
})

test('--by-variant draws a frontier for each variant of a run', async () => {
  await using folder = await temporaryFolder()
  const options = { workloads: [[1000, 1000] as const], topologies: [aggregated(2)], concurrencies: [4, 8] }
  const run = noisyRun(options, { seed: 1 })
  const results = run.results.map((result, i) => {
    const deployment = { ...result.point.deployment, variant: i === 0 ? 'round-robin' : 'kv' }
    return { ...result, point: { ...result.point, deployment } }
  })
  const written = await writtenRun({ ...run, results }, folder.path, new Date('2026-01-01T00:00:00Z'))
  const words = ['overlay', written, '--to', folder.path, '--json', '--label', 'router']
  const labels = async (...more: readonly string[]) =>
    JSON.parse((await fulcrum([...words, ...more])).stdout).rows.map((row: { label: string }) => row.label)
  assert.deepEqual(await labels(), ['router'])
  assert.deepEqual(await labels('--by-variant'), ['router · round-robin', 'router · kv'])
})

test('more labels than runs, one label twice, and a folder without a run are bad input', async () => {
  const [first = '', second = ''] = runs
  const tooMany = await fulcrum(['overlay', first, '--label', 'a', '--label', 'b'])
  assert.deepEqual([tooMany.exitCode, /2 labels for 1 runs?/.test(tooMany.stderr)], [2, true])
  const twice = await fulcrum(['overlay', first, second, '--label', 'a', '--label', 'a'])
  assert.deepEqual([twice.exitCode, /Two runs have the label "a"/.test(twice.stderr)], [2, true])
  const none = await fulcrum(['overlay', repository])
  assert.equal(none.exitCode, 2)
})

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fulcrum, repository, temporaryFolder } from './fulcrum.ts'

const runs = ['h100-vllm', 'h100-vllm-disagg', 'quick'].map(name => join(repository, 'results/baseline', name))

test('fulcrum overlay writes one page and prints a line for each frontier', async () => {
  await using folder = await temporaryFolder()
  const page = join(folder.path, 'picture.html')
  const { exitCode, stdout } = await fulcrum(['overlay', ...runs, '--to', page, '--label', 'vLLM'])
  assert.equal(exitCode, 0)
  assert.match(stdout, /4000\/128 {2}vLLM .*\n4000\/128 {2}gpu-vllm-disagg .*\n8000\/24 +quick/)
  assert.match(stdout, /Not available in these runs: Output tokens\/s per MW/)
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

test('more labels than runs, one label twice, and a folder without a run are bad input', async () => {
  const [first = '', second = ''] = runs
  const tooMany = await fulcrum(['overlay', first, '--label', 'a', '--label', 'b'])
  assert.deepEqual([tooMany.exitCode, /2 labels for 1 runs?/.test(tooMany.stderr)], [2, true])
  const twice = await fulcrum(['overlay', first, second, '--label', 'a', '--label', 'a'])
  assert.deepEqual([twice.exitCode, /Two runs have the label "a"/.test(twice.stderr)], [2, true])
  const none = await fulcrum(['overlay', repository])
  assert.equal(none.exitCode, 2)
})

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fulcrum, temporaryFolder } from './fulcrum.ts'

const sweep = `name: rows
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated }
workloads: [{ name: chat, isl: 13, osl: 20, dataset: d.jsonl }, 100/20]
load: { concurrency: 1, requests: 8, warmup: 0x }
`
const row = JSON.stringify({ prompt: 'hello'.concat(' world'.repeat(9)) })

async function sweepIn(folder: string, dataset: string): Promise<string> {
  await writeFile(join(folder, 's.yaml'), sweep)
  await writeFile(join(folder, 'd.jsonl'), dataset)
  return join(folder, 's.yaml')
}

test('validate prints what a dataset holds, and warns of rows that are passed over', async () => {
  await using folder = await temporaryFolder()
  const file = await sweepIn(folder.path, `${`${row}\n`.repeat(8)}{"question": "a"}\n`)
  const { stdout, exitCode } = await fulcrum(['validate', file])
  assert.equal(exitCode, 0)
  assert.match(
    stdout,
    /dataset of chat: \S+d\.jsonl: 8 rows \(JSON lines of prompts\), ISL 13 tokens \(13 to 13\), OSL 20/,
  )
  assert.match(
    stdout,
    /warning: \S+s\.yaml:4:54: 1 of 9 rows of the dataset cannot be used .*d\.jsonl:9:1: the line has neither/,
  )
  const { datasets } = JSON.parse((await fulcrum(['validate', file, '--json'])).stdout) as {
    datasets: { rows: number }[]
  }
  assert.deepEqual(
    datasets.map(({ rows }) => rows),
    [8],
  )
})

test('a run and a dry run refuse a dataset before anything is deployed', async () => {
  await using folder = await temporaryFolder()
  const file = await sweepIn(folder.path, '{"question": "a"}\n')
  for (const more of [['--dry-run'], []]) {
    const { stderr, exitCode } = await fulcrum(['run', file, '--out', join(folder.path, 'results'), ...more])
    assert.equal(exitCode, 2)
    assert.match(
      stderr,
      /s\.yaml:4:54: workloads\[0\]\.dataset: \S+d\.jsonl:1:1: the line has neither messages nor a prompt/,
    )
    assert.doesNotMatch(stderr, /deploy/)
  }
})

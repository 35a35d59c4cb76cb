import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'

/** Which rooms a room may import from. Everything else is an error of structure, not of taste: see docs/design.md. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  point: [],
  process: ['point'],
  metrics: ['point'],
  engine: ['point', 'metrics'],
  load: ['point', 'metrics', 'process'],
  deploy: ['point', 'metrics', 'process', 'load', 'engine'],
  journal: ['point', 'process', 'metrics'],
  analysis: ['point', 'metrics', 'journal', 'engine'],
  report: ['point', 'metrics', 'journal', 'analysis'],
  site: ['point', 'metrics', 'journal', 'analysis', 'report'],
  sweep: ['point', 'metrics', 'load', 'deploy', 'journal', 'analysis'],
  jobs: ['point', 'process', 'metrics', 'engine', 'load', 'deploy', 'journal', 'analysis', 'report', 'site', 'sweep'],
  'index.ts': ['point', 'metrics', 'engine', 'load', 'deploy', 'journal', 'analysis', 'report', 'sweep', 'jobs'],
  cli: ['index.ts'],
}

const root = join(import.meta.dirname, '../src')

async function imports(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8')
  const found = text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)
  return [...found].map(match => relative(root, join(dirname(file), match[1] ?? '')))
}

const roomOf = (path: string) => path.split('/')[0] ?? ''

test('every import between rooms follows the direction of the data', async () => {
  const wrong: string[] = []
  for await (const file of glob(join(root, '**/*.ts'))) {
    const path = relative(root, file)
    const room = roomOf(path)
    for (const target of await imports(file)) {
      const targetRoom = roomOf(target)
      if (targetRoom === room) continue
      if (!allowed[room]?.includes(targetRoom)) wrong.push(`${path} imports ${target}`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('no file is named after nothing', async () => {
  const vague: string[] = []
  for await (const file of glob(join(root, '**/*.ts'))) {
    if (/(^|\/)(utils?|helpers?|managers?|common|misc)(\/|\.ts$)/.test(relative(root, file))) vague.push(file)
  }
  assert.deepEqual(vague, [])
})

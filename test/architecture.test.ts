import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'

/** What a command or the public API may join. */
const everythingBelow = [
  ...['model', 'yaml', 'process', 'metrics', 'telemetry', 'simulator', 'engines', 'generators', 'deployers', 'journal'],
  ...['analysis', 'spec', 'plan', 'search', 'runner', 'render', 'site'],
]

/** Which rooms a room may import from. Everything else is an error of structure, not of taste: see docs/design.md. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  model: [],
  yaml: ['model'],
  process: ['model'],
  metrics: ['model'],
  telemetry: ['model', 'metrics'],
  simulator: ['model', 'metrics'],
  engines: ['model', 'yaml'],
  generators: ['model', 'yaml', 'process', 'metrics'],
  deployers: ['model', 'yaml', 'process', 'metrics', 'telemetry', 'simulator', 'engines', 'generators'],
  journal: ['model', 'process', 'metrics'],
  analysis: ['model', 'metrics', 'simulator', 'engines', 'journal'],
  spec: ['model', 'yaml', 'engines', 'generators', 'deployers'],
  plan: ['model', 'yaml', 'analysis', 'spec'],
  search: ['model', 'metrics', 'journal', 'analysis', 'spec', 'plan'],
  runner: ['model', 'metrics', 'telemetry', 'generators', 'deployers', 'journal', 'analysis', 'spec', 'plan', 'search'],
  render: ['model', 'metrics', 'telemetry', 'engines', 'journal', 'analysis'],
  site: ['model', 'metrics', 'journal', 'analysis', 'render'],
  commands: everythingBelow,
  api: [...everythingBelow, 'commands'],
  'index.ts': [...everythingBelow, 'commands', 'api'],
  cli: ['model', 'journal', 'render', 'commands'],
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

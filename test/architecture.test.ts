import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { circles, shortest } from '../scripts/structure/circles.ts'
import { importsIn, importsOfFiles, importsOfRooms, roomOf, rooms } from '../scripts/structure/rooms.ts'
import { deployers } from '../src/deployers/index.ts'
import { engines } from '../src/engines/index.ts'
import { generatorNames } from '../src/generators/index.ts'

const files = await importsOfFiles()
const root = join(import.meta.dirname, '../src')

test('every import between rooms is one that scripts/structure/rooms.ts allows', () => {
  const allowed = new Map(rooms.map(({ name, mayImport }) => [name, mayImport]))
  const wrong = [...files].flatMap(([file, imports]) => {
    const own = roomOf(file)
    const strange = imports.filter(path => roomOf(path) !== own && !allowed.get(own)?.includes(roomOf(path)))
    return strange.map(path => `${file} imports ${path}`)
  })
  assert.deepEqual(wrong, [])
})

test('a room may import only from rooms that are listed before it, so no arrow goes up', () => {
  const names = rooms.map(({ name }) => name)
  const wrong = rooms.flatMap(({ name, mayImport }, index) =>
    mayImport.filter(other => !names.slice(0, index).includes(other)).map(other => `${name} may import ${other}`),
  )
  assert.deepEqual(wrong, [])
})

test('every room exists, and every folder of src/ is a room', () => {
  assert.deepEqual([...importsOfRooms(files).keys()].sort(), rooms.map(({ name }) => name).sort())
})

test('no files import each other in a circle, not even for types', () => {
  assert.deepEqual(circles(files), [])
})

test('no file is named after nothing', () => {
  const vague = [...files.keys()].filter(file => /(^|\/)(utils?|helpers?|managers?|common|misc)(\/|\.ts$)/.test(file))
  assert.deepEqual(vague, [])
})

const declaration = /^export (?:default )?(?:async )?(?:function\*?|const|let|type|interface|class) (\w+)/

/** Names of the exported declarations of a file without a comment in front; of overloads, the first one counts. */
function undescribed(text: string): readonly string[] {
  const lines = text.split('\n')
  const described = new Set<string>()
  return lines.flatMap((line, index) => {
    const [, name] = declaration.exec(line) ?? []
    if (name === undefined || described.has(name)) return []
    if (lines[index - 1]?.endsWith('*/') !== true) return [name]
    described.add(name)
    return []
  })
}

test('every export has a comment that says what it is', async () => {
  const found = await Promise.all(
    [...files.keys()].map(async file =>
      undescribed(await readFile(join(root, file), 'utf8')).map(name => `${file}: ${name}`),
    ),
  )
  assert.deepEqual(found.flat(), [])
})

test('an export without a comment is found, whatever it declares', () => {
  const text = [
    '/** What it is. */',
    'export function described(): void {}',
    'export async function* bare() {}',
    '/** First. */',
    'export function overloaded(a: string): void',
    'export function overloaded(a: number): void',
    '// Not TSDoc.',
    'export const value = 1',
    'export default function work(): void {}',
    "export * from './other.ts'",
    "export { one } from './one.ts'",
  ].join('\n')
  assert.deepEqual(undescribed(text), ['bare', 'value', 'work'])
})

test('imports are found whatever their form', () => {
  const text = `import a from './a.ts'
import type { B } from '../b.ts'
export * from './c/index.ts'
const d = await import('./d.ts')
let e: import('./e.ts').E
import 'node:fs'
import './f.ts'
import {
  g,
} from './g.ts'
`
  assert.deepEqual(importsIn(text), ['./a.ts', '../b.ts', './c/index.ts', './d.ts', './e.ts', './f.ts', './g.ts'])
})

const graphs = fc.array(fc.tuple(fc.nat({ max: 7 }), fc.nat({ max: 7 })), { maxLength: 24 })

const graphOf = (edges: readonly (readonly [number, number])[]) =>
  new Map(
    Array.from({ length: 8 }, (_, node) => [
      `${node}`,
      edges.filter(([from]) => from === node).map(([, to]) => `${to}`),
    ]),
  )

/** Everything that each node reaches in one step or more. */
function reached(graph: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, ReadonlySet<string>> {
  const from = (node: string, seen: Set<string>): Set<string> => {
    for (const next of graph.get(node) ?? []) if (!seen.has(next)) from(next, seen.add(next))
    return seen
  }
  return new Map([...graph.keys()].map(node => [node, from(node, new Set())]))
}

test('a circle is found exactly where a node reaches itself', () => {
  fc.assert(
    fc.property(graphs, edges => {
      const graph = graphOf(edges)
      const reach = reached(graph)
      const inCircle = [...graph.keys()].filter(node => reach.get(node)?.has(node))
      assert.deepEqual(circles(graph).flat().sort(), inCircle.sort())
      for (const circle of circles(graph))
        for (const node of circle) assert.ok(circle.every(other => reach.get(node)?.has(other)))
    }),
  )
})

test('the arrows that are drawn reach as far as all imports, and none can be left out', () => {
  fc.assert(
    fc.property(graphs, edges => {
      // Only downwards: without circles.
      const graph = graphOf(edges.filter(([from, to]) => from < to))
      const drawn = shortest(graph)
      const again = (arrows: readonly (readonly [string, string])[]) =>
        reached(new Map([...graph.keys()].map(node => [node, arrows.filter(([a]) => a === node).map(([, b]) => b)])))
      assert.deepEqual(again(drawn), reached(graph))
      for (const arrow of drawn) assert.notDeepEqual(again(drawn.filter(other => other !== arrow)), reached(graph))
    }),
  )
})

/** Where a word of the code is spelled like an engine and does not mean it. */
const otherMeanings: Readonly<Record<string, string>> = {
  'model/endpoint.ts': 'dialect of a server: how it spells ignore_eos',
  'generators/request.ts': 'dialect of a server',
  'generators/aiperf/command.ts': 'dialect of a server',
  'generators/inference-perf/config.ts': 'its word for a server that takes ignore_eos',
  'cli/commands/init.ts': 'names of a template, and of backends whose help loads no registry',
}

/** Where a word of the code is spelled like a generator and does not mean it. */
const formatsOfFiles: Readonly<Record<string, string>> = {
  'generators/import/formats.ts': 'formats of imported files',
  'generators/import/formats/guidellm.ts': 'format of imported files',
  'generators/import/formats/inference-perf.ts': 'format of imported files',
  'generators/import/formats/vllm-bench-serve.ts': 'format of imported files, of vLLM’s Python client too',
  'render/export/aiperf.ts': 'format of exported files, which AIPerf reads too',
  'render/export/genai-perf.ts': 'format of exported files',
  'simulator/recorder.ts': 'the simulator stands in for the built-in generator in every run of the past',
}

/** Where a word of the code is spelled like a deployer and does not mean it, or can't ask the registry. */
const otherThanDeployers: Readonly<Record<string, string>> = {
  'analysis/origin.ts': 'the sweep file of a past run says what answered it; analysis knows no deployers',
  'analysis/twin/fit.ts': 'what a fit simulated, beside what was measured',
  'cli/ask-for-sweep.ts': 'answers that only one backend needs',
  'cli/commands/init.ts': 'names of templates, which are files of sweeps/, and of backends',
  'commands/own-sweep.ts': 'text of a sweep file for each',
  'deployers/doctor/ssh-nodes.ts': 'name of a check: Dynamo on a node',
  'deployers/nodes/keys.ts': 'key of a section: an allocation of Slurm beside nodes',
  'deployers/nodes/room.ts': 'key of a section: an allocation of Slurm beside nodes',
  'spec/identity.ts': 'key of a section: the program dynamo',
}

const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '')

/** The files whose code names one of these outside the room's folder of that name and its registry. */
async function namingOutside(room: string, names: readonly string[], naming: RegExp): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  for (const path of files.keys()) {
    if (roomOf(path) === room) {
      const [folder = ''] = path.split('/').slice(1, 2)
      if (folder === 'index.ts' || names.includes(folder)) continue
    }
    if (naming.test(withoutComments(await readFile(join(root, path), 'utf8')))) found.add(path)
  }
  return found
}

test('no engine is named outside its folder and the registry', async () => {
  const names = engines.map(({ name }) => name).join('|')
  const naming = new RegExp(`(['"\`])(?:${names})\\1|\\bdynamo\\.(?:${names})\\b|^\\s*(?:${names}):`, 'm')
  const found = await namingOutside(
    'engines',
    engines.map(({ name }) => name),
    naming,
  )
  assert.deepEqual([...found].filter(path => otherMeanings[path] === undefined).sort(), [])
  // An exception that is no longer needed goes.
  assert.deepEqual(
    Object.keys(otherMeanings).filter(path => !found.has(path)),
    [],
  )
})

test('no load generator is named outside its folder and the registry', async () => {
  const names = generatorNames
  const found = await namingOutside('generators', names, new RegExp(`(['"\`])(?:${names.join('|')})\\1`))
  assert.deepEqual([...found].filter(path => formatsOfFiles[path] === undefined).sort(), [])
  assert.deepEqual(
    Object.keys(formatsOfFiles).filter(path => !found.has(path)),
    [],
  )
})

test('no deployer is named outside its folder and the registry', async () => {
  const names = deployers.map(({ name }) => name)
  const found = await namingOutside('deployers', names, new RegExp(`(['"\`])(?:${names.join('|')})\\1`))
  assert.deepEqual([...found].filter(path => otherThanDeployers[path] === undefined).sort(), [])
  // An exception that is no longer needed goes.
  assert.deepEqual(
    Object.keys(otherThanDeployers).filter(path => !found.has(path)),
    [],
  )
})

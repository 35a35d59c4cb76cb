import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type JsonSchema, resolve } from '../../scripts/reference/schema-keys.ts'
import { exitCodes } from '../../src/model/index.ts'
import { sweepJsonSchema } from '../../src/spec/json-schema.ts'
import { codeBlocks, repository } from './markdown.ts'

const read = (path: string) => readFile(join(repository, path), 'utf8')

/** Cells of the tables of a page, row by row. */
const rowsOf = (text: string): readonly (readonly string[])[] =>
  [...text.matchAll(/^\| (.*) \|$/gm)].map(([, row = '']) => row.split(' | ').map(cell => cell.trim()))

const section = (text: string, title: string): string => {
  const [, part = assert.fail(`no section ${title}`)] = text.split(new RegExp(`^## ${title}$`, 'm'))
  return part.split(/^## /m)[0] ?? ''
}

const schema = sweepJsonSchema() as JsonSchema

describe('facts in the documents are those of the code', () => {
  test('every exit code', async () => {
    const told = rowsOf(await read('docs/reference/exit-codes.md')).flatMap(([code = '']) =>
      /^\d+$/.test(code) ? [Number(code)] : [],
    )
    assert.deepEqual(told, Object.values(exitCodes))
  })

  test('every default of the validity limits', async () => {
    const told = rowsOf(section(await read('docs/reference/sweep-file.md'), 'slo, validity')).flatMap(
      ([key = '', value = '']) =>
        /^`\w+`$/.test(key) && /^[\d.]+$/.test(value) ? [[key.slice(1, -1), Number(value)]] : [],
    )
    const properties = resolve(schema.properties?.validity ?? {}, schema).properties ?? {}
    assert.deepEqual(
      Object.fromEntries(told),
      Object.fromEntries(Object.entries(properties).map(([key, of]) => [key, resolve(of, schema).default])),
    )
  })

  test('every deployer that a sweep file takes by name, in the README', async () => {
    const told = rowsOf(section(await read('README.md'), 'Where it deploys')).flatMap(
      ([name = '']) => /^`([a-z-]+)`$/.exec(name)?.[1] ?? [],
    )
    const kinds = resolve(schema.properties?.deploy ?? {}, schema)
    const names = [...(kinds.oneOf ?? []), ...(kinds.anyOf ?? [])].flatMap(kind => {
      const { with: name } = resolve(kind, schema).properties ?? {}
      return typeof name?.const === 'string' ? [name.const] : []
    })
    assert.ok(names.length > 3)
    assert.deepEqual([...told].sort(), names.sort())
  })

  test('the version, wherever a package or an image is named', async () => {
    const { version } = JSON.parse(await read('package.json')) as { version: string }
    const files = await Array.fromAsync(glob(['README.md', 'docs/**/*.{md,yml,yaml}'], { cwd: repository }))
    for (const path of files)
      for (const [named] of (await read(path)).matchAll(/\bfulcrum[-:](\d+\.\d+\.\d+)/g))
        assert.ok(named.endsWith(version), `${path} names ${named}, the version is ${version}`)
  })

  test('the sweep that the tutorial writes', async () => {
    const [block] = codeBlocks(await read('docs/tutorial.md')).filter(({ language }) => language === 'yaml')
    const shipped = (await read('sweeps/quick.yaml')).replace(/^#.*\n/gm, '').trim()
    assert.equal(block?.lines.join('\n'), shipped)
  })

  test('the oldest Node that Fulcrum runs on', async () => {
    const [, oldest = assert.fail('bin/fulcrum.js names no version')] =
      /needs Node\.js (\S+) or newer/.exec(await read('bin/fulcrum.js')) ?? []
    for (const path of ['README.md', 'docs/reference/doctor.md'])
      assert.ok((await read(path)).includes(oldest), `${path} names ${oldest}`)
  })
})

describe('docs/glossary.md', () => {
  test('gives each word a meaning and a source, once', async () => {
    const words = new Set<string>()
    for (const [word = '', meaning = '', ...rest] of rowsOf(await read('docs/glossary.md'))) {
      if (!word.startsWith('**')) continue
      assert.ok(meaning.endsWith('.'), `${word} has a meaning`)
      assert.ok(rest.length === 0 || rest.at(-1) !== '', `${word} has a source`)
      assert.ok(!words.has(word), `${word} stands once`)
      words.add(word)
    }
    const text = [...words].join(' ').toLowerCase()
    for (const word of 'TTFT,ITL,TTST,TTFO,request latency,goodput,throughput,concurrency,frontier,hypervolume,xPyD,measurement window,warm-up,ramp-up,drain,steady state,sequential stopping,variant,cache hit rate,acceptance rate,acceptance length,energy per output token,tokens/s/MW,capabilities,connection,residual,kernel,time series,deferred,SLO ratio,point,point id,deployment,topology,workload,load,sweep,plan,journal,run,settle,verdict,finding,twin'.split(
      ',',
    ))
      assert.ok(text.includes(word.toLowerCase()), `the glossary has ${word}`)
  })
})

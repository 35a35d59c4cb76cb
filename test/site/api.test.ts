// Test part: process

import assert from 'node:assert/strict'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pushRun } from '../../src/commands/push.ts'
import { serveResults } from '../../src/commands/serve.ts'
import { siteToken } from '../../src/commands/site-token.ts'
import { FulcrumError } from '../../src/model/index.ts'
import type { Site } from '../../src/site/server.ts'
import { scratch } from '../journal/journal-on-disk.ts'
import { rawRequest } from './raw-request.ts'

const real = join(import.meta.dirname, '../../results/baseline/quick')
const id = '20261125T015517Z-eaad8b'
const token = 'open-sesame'
const bearer = { authorization: `Bearer ${token}` }

describe('a site for a team', () => {
  let folder: Awaited<ReturnType<typeof scratch>>
  let site: Site
  const log = async () => {
    const text = await readFile(join(folder.path, '.audit.jsonl'), 'utf8').catch(() => '')
    return text.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line)]))
  }

  before(async () => {
    folder = await scratch()
    await mkdir(join(folder.path, 'quick'))
    await cp(real, join(folder.path, 'quick', id), { recursive: true })
    site = await serveResults({
      resultsRoot: folder.path,
      host: '127.0.0.1',
      port: 0,
      token,
      uploads: { mostBytes: 50 * 1024 ** 2 },
      allowedHosts: ['fulcrum.example'],
    })
  })
  after(async () => {
    await site[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  })

  const get = async (path: string, headers: Record<string, string> = bearer) => {
    const { status, body } = await rawRequest(site.url, path, { headers })
    return { status, body, json: () => JSON.parse(body) }
  }

  test('says that it lives to whoever asks, and nothing else to whoever has no token', async () => {
    assert.deepEqual((await get('/healthz', {})).json(), { status: 'ok' })
    for (const path of ['/', '/api/v1/runs', '/metrics', `/runs/quick/${id}/files/manifest.json`, '/none']) {
      const { status, body } = await get(path, {})
      assert.equal(status, 401, path)
      assert.ok(!body.includes('quick'), path)
    }
  })

  test('leads a browser to its login and from there to where it wanted, with a cookie', async () => {
    const { status, headers } = await rawRequest(site.url, '/?q=quick', { headers: { accept: 'text/html' } })
    assert.deepEqual([status, headers.location], [303, '/login?to=%2F%3Fq%3Dquick'])
    const page = await rawRequest(site.url, String(headers.location))
    assert.match(page.body, /name="to" value="\/\?q=quick"/)
    const login = await fetch(new URL('/login', site.url), {
      method: 'POST',
      body: new URLSearchParams({ token, to: '/?q=quick' }),
      redirect: 'manual',
    })
    assert.deepEqual([login.status, login.headers.get('location')], [303, '/?q=quick'])
    const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? ''
    assert.match((await get('/?q=quick', { cookie })).body, new RegExp(`data-run="quick/${id}"`))
  })

  test('takes no wrong token at its login, and leads nowhere else by way of it', async () => {
    const login = (to: string, asked: string, headers = {}) =>
      fetch(new URL('/login', site.url), {
        method: 'POST',
        body: new URLSearchParams({ token: asked, to }),
        redirect: 'manual',
        headers,
      })
    const wrong = await login('/', 'wrong')
    assert.deepEqual([wrong.status, wrong.headers.get('set-cookie')], [403, null])
    for (const to of ['//evil.example', 'https://evil.example', '/\\evil.example', 'javascript:alert(1)'])
      assert.equal((await login(to, token)).headers.get('location'), '/', to)
    assert.equal((await login('/', token, { origin: 'https://evil.example' })).status, 403)
    const actions = (await log()).filter(({ action }) => action === 'login').map(({ outcome }) => outcome)
    assert.ok(actions.includes('refused') && actions.includes('done'))
  })

  test('answers programs: runs, one run, its points, and comparisons', async () => {
    const list = (await get('/api/v1/runs?q=quick&sort=-throughput')).json()
    assert.deepEqual([list.total, list.page, list.pages, list.runs[0].path], [1, 1, 1, `quick/${id}`])
    assert.equal(typeof list.runs[0].best.tokensPerSPerGpu, 'number')
    assert.equal((await get(`/api/v1/runs/quick/${id}`)).json().runId, id)
    const { points } = (await get(`/api/v1/runs/quick/${id}/points`)).json()
    assert.equal(points.length, 24)
    assert.equal(points[0].variant, null)
    const same = `quick/${id}`
    const comparison = (await get(`/api/v1/compare?${new URLSearchParams({ base: same, head: same })}`)).json()
    assert.equal(comparison.schema, 1)
    assert.deepEqual((await get(`/api/v1/runs/quick/${id}/since`)).json(), { base: null, verdict: null, slower: null })
  })

  test('says of a run what changed since the one before it', async () => {
    const younger = join(folder.path, 'quick/younger')
    await cp(real, younger, { recursive: true })
    const manifest = JSON.parse(await readFile(join(younger, 'manifest.json'), 'utf8'))
    const changed = { ...manifest, runId: 'younger', createdAt: '2026-11-26T00:00:00.000Z' }
    await writeFile(join(younger, 'manifest.json'), JSON.stringify(changed))
    const since = (await get('/api/v1/runs/quick/younger/since')).json()
    assert.equal(since.base, `quick/${id}`)
    // The sweep has no repeats and nothing else tells its noise: not tested, which is not the same as not slower.
    assert.equal(since.slower, null)
    await rm(younger, { recursive: true })
  })

  test('tells a program what is wrong, as JSON', async () => {
    for (const [path, status] of [
      ['/api/v1/runs?sort=speed', 400],
      ['/api/v1/runs/quick/none', 404],
      [`/api/v1/runs/quick/${id}/none`, 404],
      ['/api/v1/none', 404],
      ['/api/v1/compare?base=a&head=b', 404],
    ] as const) {
      const answer = await get(path)
      assert.equal(answer.status, status, path)
      assert.equal(typeof answer.json().error.message, 'string', path)
    }
    assert.equal((await get('/api/v2/runs')).status, 404)
  })

  test('takes a run that is pushed to it, notes it, and says so when it has it', async () => {
    await using other = await scratch()
    await cp(real, join(other.path, 'run'), { recursive: true })
    const file = join(other.path, 'run/manifest.json')
    const manifest = JSON.parse(await readFile(file, 'utf8'))
    await writeFile(file, JSON.stringify({ ...manifest, sweep: 'pushed', runId: 'first' }))
    const push = () => pushRun({ folder: join(other.path, 'run'), resultsRoot: '', to: site.url, token })
    const { url, ...pushed } = await push()
    assert.deepEqual(pushed, { run: 'pushed/first', outcome: 'created', page: '/runs/pushed/first/' })
    assert.equal((await get(new URL(url).pathname)).status, 200)
    assert.equal((await push()).outcome, 'unchanged')
    const uploads = (await log()).filter(({ action, outcome }) => action === 'upload' && outcome === 'done')
    assert.deepEqual(
      uploads.map(({ run }) => run),
      ['pushed/first', 'pushed/first'],
    )
  })

  test('takes a run of nobody without the token, also not of a browser that logged in', async () => {
    const upload = (headers: Record<string, string>) =>
      fetch(new URL('/api/v1/runs', site.url), { method: 'POST', body: new Uint8Array(3), headers })
    const gzip = { 'content-type': 'application/gzip' }
    const form = new URLSearchParams({ token, to: '/' })
    const login = await fetch(new URL('/login', site.url), { method: 'POST', body: form, redirect: 'manual' })
    const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? ''
    assert.equal((await upload(gzip)).status, 401)
    assert.equal((await upload({ ...gzip, cookie })).status, 401)
    assert.equal((await upload({ ...bearer, 'content-type': 'text/plain' })).status, 415)
    assert.equal((await upload({ ...bearer, ...gzip })).status, 400)
    assert.equal((await upload({ ...bearer, ...gzip, origin: 'https://evil.example' })).status, 403)
  })

  test('answers to a name that it was given, and to no other', async () => {
    assert.equal((await get('/healthz', { host: 'fulcrum.example' })).status, 200)
    assert.equal((await get('/healthz', { host: 'evil.example' })).status, 421)
  })

  test('a push says what is wrong and what to do', async () => {
    const push = (to: string, with_: string) => pushRun({ folder: real, resultsRoot: '', to, token: with_ })
    const refused = (code: string, remedy: RegExp) => (error: unknown) => {
      assert.ok(error instanceof FulcrumError, String(error))
      assert.equal(error.code, code)
      assert.match(`${error.message} ${error.remedy}`, remedy)
      assert.ok(!`${error.message} ${error.remedy} ${error.where}`.includes(token))
      return true
    }
    await assert.rejects(push(site.url, 'wrong'), refused('push-refused', /--token-file/))
    await assert.rejects(push('ftp://host', token), refused('not-a-url', /fulcrum serve/))
    await assert.rejects(push(`http://me:${token}@host`, token), refused('not-a-url', /without a user/))
    await assert.rejects(push('http://127.0.0.1:9', token), refused('site-unreachable', /--uploads/))
    await using readOnly = await serveResults({ resultsRoot: folder.path, host: '127.0.0.1', port: 0, token })
    await assert.rejects(push(readOnly.url, token), refused('push-refused', /--uploads/))
  })
})

describe('the token of a site', () => {
  test('is made beyond loopback where none is given, and is asked for nowhere on loopback', async () => {
    const made = await siteToken('0.0.0.0', undefined, {})
    assert.ok(made.isNew && String(made.token).length >= 32)
    assert.notEqual((await siteToken('0.0.0.0', undefined, {})).token, made.token)
    assert.deepEqual(await siteToken('127.0.0.1', undefined, {}), { token: null, isNew: false })
    assert.deepEqual(await siteToken('127.0.0.1', undefined, { FULCRUM_TOKEN: 'a' }), { token: 'a', isNew: false })
  })

  test('of a file that is missing or empty is refused', async () => {
    await using folder = await scratch()
    await writeFile(join(folder.path, 'empty'), '\n')
    for (const name of ['none', 'empty'])
      await assert.rejects(siteToken('127.0.0.1', join(folder.path, name), {}), { code: 'token-unreadable' })
  })

  test('is needed for uploads and beyond loopback', async () => {
    await using folder = await scratch()
    const request = { resultsRoot: folder.path, port: 0 }
    const open = { ...request, host: '0.0.0.0' }
    await assert.rejects(serveResults(open), { code: 'no-token' })
    const uploads = { ...request, host: '127.0.0.1', uploads: { mostBytes: 1 } }
    await assert.rejects(serveResults(uploads), { code: 'no-token' })
  })
})

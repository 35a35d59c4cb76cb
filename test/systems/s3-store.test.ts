import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { AwsClient } from 'aws4fetch'
import { execaNode } from 'execa'
import { pushRun } from '../../src/commands/push.ts'
import { serveStore } from '../../src/commands/serve.ts'
import { openStore } from '../../src/commands/store/s3.ts'
import { repository, temporaryFolder } from '../cli/fulcrum.ts'
import { accessKey, noS3Server, startS3Server } from './s3-server.ts'

const baseline = join(repository, 'results/baseline/quick')
const id = '20261125T015517Z-eaad8b'

/** Another run like the baseline, under its own name. */
async function otherRun(folder: string, runId: string): Promise<string> {
  await cp(baseline, folder, { recursive: true })
  const manifest = join(folder, 'manifest.json')
  await writeFile(manifest, (await readFile(manifest, 'utf8')).replaceAll(id, runId))
  return folder
}

/** A run whose sweep was killed, and later resumed: the first lines of the baseline. */
async function shorterRun(folder: string): Promise<string> {
  await cp(baseline, folder, { recursive: true })
  const journal = join(folder, 'journal.jsonl')
  await writeFile(journal, `${(await readFile(journal, 'utf8')).split('\n').slice(0, 10).join('\n')}\n`)
  return folder
}

async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1200; tries++) {
    if (await isTrue()) return
    await wait(50)
  }
  assert.fail(`never came true: ${what}`)
}

describe('results in a real S3-compatible store', { skip: noS3Server, timeout: 300_000 }, () => {
  const cleanup = new AsyncDisposableStack()
  let folder: string
  let server: Awaited<ReturnType<typeof startS3Server>>
  /** A prefix for each test. */
  let prefixes = 0
  const prefix = () => `s3://runs/test-${++prefixes}/results`

  before(async () => {
    folder = cleanup.use(await temporaryFolder()).path
    server = cleanup.use(await startS3Server(join(folder, 's3')))
  })
  after(() => cleanup.disposeAsync())

  const push = (run: string, to: string, env: Record<string, string> = server.env) =>
    pushRun({ folder: run, resultsRoot: folder, to, token: null, env })

  const fulcrum = (args: readonly string[], env: Record<string, string>) =>
    execaNode(join(repository, 'bin/fulcrum.js'), [...args], {
      cwd: folder,
      env: { ...env, XDG_CACHE_HOME: join(folder, 'cache-of-commands') },
      reject: false,
      timeout: 120_000,
    })

  /** A site of a store that looks often, and the API of its list. */
  async function site(store: string, env: NodeJS.ProcessEnv = {}) {
    const notices: string[] = []
    const served = await serveStore({
      store,
      env: { ...server.env, XDG_CACHE_HOME: join(folder, `cache-${prefixes}`), ...env },
      host: '127.0.0.1',
      port: 0,
      everyMs: 50,
      onNotice: text => notices.push(text),
    })
    const runs = async (): Promise<string[]> => {
      const { runs } = (await (await fetch(`${served.url}api/v1/runs`)).json()) as { runs: { path: string }[] }
      return runs.map(({ path }) => path).sort()
    }
    return { url: served.url, runs, notices, [Symbol.asyncDispose]: () => served[Symbol.asyncDispose]() }
  }

  test('a job pushes, a site lists and compares, and both say so', async () => {
    const to = prefix()
    const first = await fulcrum(['push', baseline, '--to', to], server.env)
    assert.deepEqual([first.exitCode, first.stderr], [0, ''])
    assert.equal(first.stdout, `Uploaded to ${to}/quick/${id}.tar.gz`)
    const again = await fulcrum(['push', baseline, '--to', to], server.env)
    assert.equal(again.stdout, `Already at ${to}/quick/${id}.tar.gz`)
    await push(await otherRun(join(folder, 'other'), '20261126T015517Z-eaad8b'), to)

    const child = execaNode(join(repository, 'bin/fulcrum.js'), ['serve', to, '--port', '0', '--json'], {
      cwd: folder,
      env: { ...server.env, XDG_CACHE_HOME: join(folder, 'cache-of-serve') },
      reject: false,
      timeout: 120_000,
    })
    const { value } = await child.iterable()[Symbol.asyncIterator]().next()
    const { url } = JSON.parse(String(value)) as { url: string }
    const list = await (await fetch(url)).text()
    assert.match(list, new RegExp(`data-run="quick/${id}"`))
    const compared = await fetch(`${url}compare?base=quick/${id}&head=quick/20261126T015517Z-eaad8b`)
    assert.equal(compared.status, 200)
    assert.match(await compared.text(), /20261126T015517Z-eaad8b/)
    child.kill('SIGINT')
    assert.equal((await child).exitCode, 0)
  })

  test('a running site shows what is pushed, resumed, and deleted', async () => {
    const to = prefix()
    await using served = await site(to)
    assert.deepEqual(await served.runs(), [])
    const shorter = await shorterRun(join(folder, 'shorter'))
    assert.equal((await push(shorter, to)).outcome, 'created')
    await until('the run is listed', async () => (await served.runs()).length === 1)
    const measured = async () => {
      const { runs } = (await (await fetch(`${served.url}api/v1/runs`)).json()) as {
        runs: { points: { ok: number } }[]
      }
      return runs[0]?.points.ok
    }
    assert.notEqual(await measured(), 24)
    assert.equal((await push(baseline, to)).outcome, 'replaced')
    await until('the rest is listed', async () => (await measured()) === 24)
    // Less of it would take away what is there.
    await assert.rejects(push(shorter, to), /different run with the name/)
    const store = new AwsClient({
      accessKeyId: accessKey.AWS_ACCESS_KEY_ID,
      secretAccessKey: accessKey.AWS_SECRET_ACCESS_KEY,
      service: 's3',
      region: 'us-east-1',
    })
    const object = `${server.env.AWS_ENDPOINT_URL_S3}/${to.slice('s3://'.length)}/quick/${id}.tar.gz`
    assert.equal((await store.fetch(object, { method: 'DELETE' })).status, 204)
    await until('the run is gone', async () => (await served.runs()).length === 0)
  })

  test('a run that is half uploaded is not listed', async () => {
    const to = prefix()
    await push(baseline, to)
    await using served = await site(to)
    // A push that is killed: signed as a whole, begun, cut off.
    const url = `${server.env.AWS_ENDPOINT_URL_S3}/${to.slice('s3://'.length)}/quick/20261127T000000Z-aaaaaa.tar.gz`
    const client = new AwsClient({
      accessKeyId: accessKey.AWS_ACCESS_KEY_ID,
      secretAccessKey: accessKey.AWS_SECRET_ACCESS_KEY,
      service: 's3',
      region: 'us-east-1',
    })
    const whole = createHash('sha256').update(Buffer.alloc(100_000)).digest('hex')
    const { headers } = await client.sign(url, { method: 'PUT', headers: { 'x-amz-content-sha256': whole } })
    const half = request(url, {
      method: 'PUT',
      headers: { ...Object.fromEntries(headers), 'content-length': '100000' },
    })
    half.on('error', () => {})
    const closed = new Promise(resolve => half.once('close', resolve))
    await new Promise<void>(resolve => half.write(Buffer.alloc(50_000), () => resolve()))
    assert.deepEqual(
      (await openStore(to, server.env).list()).map(({ key }) => key),
      [`quick/${id}.tar.gz`],
    )
    half.destroy()
    await closed
    // What is no run is named once, and left out.
    const bad = `${server.env.AWS_ENDPOINT_URL_S3}/${to.slice('s3://'.length)}/quick/20261128T000000Z-bbbbbb.tar.gz`
    assert.equal((await client.fetch(bad, { method: 'PUT', body: 'no archive' })).status, 200)
    await until('it is named', async () => served.notices.length > 0)
    assert.deepEqual(await served.runs(), [`quick/${id}`])
    assert.match(served.notices.join('\n'), /bbbbbb\.tar\.gz is left out: The (body|archive)/)
    assert.equal(served.notices.length, 1)
  })

  test('of pushes at the same time, one writes each run and none is lost', async () => {
    const to = prefix()
    const other = await otherRun(join(folder, 'rival'), '20261129T000000Z-cccccc')
    const outcomes = await Promise.all([baseline, baseline, baseline, other].map(run => push(run, to)))
    assert.deepEqual(outcomes.map(({ outcome }) => outcome).sort(), ['created', 'created', 'unchanged', 'unchanged'])
    await using served = await site(to)
    assert.deepEqual(await served.runs(), [`quick/${id}`, 'quick/20261129T000000Z-cccccc'])
  })

  test('two sites share a cache', async () => {
    const to = prefix()
    await push(baseline, to)
    const [one, two] = await Promise.all([site(to), site(to)])
    await using _one = one
    await using _two = two
    assert.deepEqual(await one.runs(), [`quick/${id}`])
    assert.deepEqual(await two.runs(), [`quick/${id}`])
  })

  test('wrong credentials, and a missing bucket, are one clear message that shows no secret', async () => {
    const wrong = { ...server.env, AWS_SECRET_ACCESS_KEY: 'another-secret-that-nobody-may-see' }
    for (const args of [
      ['push', baseline, '--to', 's3://runs/x'],
      ['serve', 's3://runs/x', '--port', '0'],
    ]) {
      const { exitCode, stderr, stdout } = await fulcrum(args, wrong)
      assert.equal(exitCode, 2)
      assert.match(stderr, /The store refused the request: HTTP 403 SignatureDoesNotMatch/)
      assert.match(stderr, /AWS_SECRET_ACCESS_KEY/)
      assert.doesNotMatch(stderr + stdout, /nobody-may-see|fulcrum-test/)
    }
    const { exitCode, stderr } = await fulcrum(['serve', 's3://no-such-bucket', '--port', '0'], server.env)
    assert.equal(exitCode, 2)
    assert.match(stderr, /HTTP 404 NoSuchBucket/)
  })

  test('without the store, a new site says so and a running one goes on with what it has', async () => {
    const to = prefix()
    await push(baseline, to)
    await using served = await site(to)
    await server.stop()
    try {
      for (const args of [
        ['push', baseline, '--to', to],
        ['serve', to, '--port', '0'],
      ]) {
        const { exitCode, stderr } = await fulcrum(args, server.env)
        assert.equal(exitCode, 3)
        assert.match(stderr, /The store does not answer: .*ECONNREFUSED/)
      }
      await until('the site says so', async () => served.notices.length > 0)
      assert.deepEqual(await served.runs(), [`quick/${id}`])
      assert.match(served.notices[0] ?? '', /does not answer.*The site shows its last copy/)
    } finally {
      await server.startAgain()
    }
    await until('the site says that it is back', async () => served.notices.length > 1)
    assert.equal(served.notices[1], `${to} answers again.`)
    assert.equal(served.notices.length, 2)
  })

  test('a site of a store takes no uploads', async () => {
    const { exitCode, stderr } = await fulcrum(['serve', prefix(), '--uploads', '--port', '0'], {
      ...server.env,
      FULCRUM_TOKEN: 'x',
    })
    assert.equal(exitCode, 2)
    assert.match(stderr, /fulcrum push --to s3:/)
  })

  test('a mirror holds whole runs only, and its list of more than one page is whole', async () => {
    const to = prefix()
    const many = 1203
    const place = join(server.bucket, to.slice('s3://runs/'.length), 'notes')
    await mkdir(place, { recursive: true })
    await Promise.all(Array.from({ length: many }, (_, at) => writeFile(join(place, `${at} & <ü>.txt`), 'x')))
    const keys = (await openStore(to, server.env).list()).map(({ key }) => key)
    assert.equal(new Set(keys).size, many)
    assert.ok(keys.includes('notes/7 & <ü>.txt'))
    await using served = await site(to)
    assert.deepEqual(await served.runs(), [])
    assert.deepEqual((await readdir(place)).length, many)
  })
})

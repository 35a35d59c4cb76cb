import assert from 'node:assert/strict'
import { once } from 'node:events'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { builtinTokenizerFolder } from '../../src/model/builtin-tokenizer.ts'
import { fulcrum, temporaryFolder } from './fulcrum.ts'

const shipped = fileURLToPath(builtinTokenizerFolder())
const commit = '0123456789abcdef0123456789abcdef01234567'
const name = 'Owner/Small-Model'

const sweep = (model: string) => `name: small
model: ${model}
deploy: { with: simulated }
topologies: agg x1
workloads: 100/20
load: { concurrency: 1, requests: 1 }
`

/** A hub that has one tokenizer, and notes what it is asked. */
async function hub(status = 200) {
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    asked.push(`${request.url} ${request.headers.authorization ?? ''}`)
    const file = /^\/Owner\/Small-Model\/resolve\/main\/(tokenizer(?:_config)?\.json)$/.exec(request.url ?? '')?.[1]
    if (file === undefined || status !== 200) return response.writeHead(status === 200 ? 404 : status).end()
    const content = await readFile(join(shipped, file))
    response.writeHead(200, { 'x-repo-commit': commit, 'content-length': content.length }).end(content)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function placeWith(model: string) {
  const place = await temporaryFolder()
  const file = join(place.path, 'sweep.yaml')
  await writeFile(file, sweep(model))
  return { ...place, file, cache: join(place.path, 'hf') }
}

describe('a tokenizer by its name on Hugging Face', () => {
  test('is taken from the local cache, for the model’s own name and for another', async () => {
    for (const model of [name, `{ name: served, tokenizer: ${name} }`]) {
      await using place = await placeWith(model)
      const repository = join(place.cache, 'hub/models--Owner--Small-Model')
      await mkdir(join(repository, 'refs'), { recursive: true })
      await writeFile(join(repository, 'refs/main'), commit)
      await cp(shipped, join(repository, 'snapshots', commit), { recursive: true })
      const { exitCode, stderr } = await fulcrum(['validate', place.file], { env: { HF_HOME: place.cache } })
      assert.deepEqual([exitCode, stderr], [0, ''])
      const hubCache = { HF_HUB_CACHE: join(place.cache, 'hub'), HF_HOME: '/nowhere' }
      assert.equal((await fulcrum(['validate', place.file], { env: hubCache })).exitCode, 0)
    }
  })

  test('is downloaded if the user agrees, to where it is found afterwards without a network', async () => {
    await using server = await hub()
    await using place = await placeWith(name)
    const env = { HF_HOME: place.cache, HF_ENDPOINT: server.url, HF_TOKEN: 'hf_secret' }
    const refused = await fulcrum(['validate', place.file], { env })
    assert.equal(refused.exitCode, 2)
    assert.match(refused.stderr, /has no tokenizer.*--download-tokenizer/)
    assert.equal(server.asked.length, 0)
    const { exitCode, stderr } = await fulcrum(['plan', place.file, '--download-tokenizer'], { env })
    assert.equal(exitCode, 0, stderr)
    assert.match(stderr, /Downloaded the tokenizer of Owner\/Small-Model/)
    assert.ok(server.asked.every(line => line.endsWith(' Bearer hf_secret')))
    const snapshot = join(place.cache, 'hub/models--Owner--Small-Model/snapshots', commit)
    assert.deepEqual(await readFile(join(snapshot, 'tokenizer.json')), await readFile(join(shipped, 'tokenizer.json')))
    const again = await fulcrum(['validate', place.file, '--download-tokenizer'], {
      env: { ...env, HF_ENDPOINT: 'http://127.0.0.1:9' },
    })
    assert.deepEqual([again.exitCode, again.stderr], [0, ''])
  })

  test('says what to do if it cannot be downloaded', async () => {
    await using place = await placeWith(name)
    const messages = [
      [404, /it has no tokenizer\.json/, /Check the name/],
      [401, /HTTP 401/, /set HF_TOKEN/],
      [503, /HTTP 503/, /Try again later/],
    ] as const
    for (const [status, what, remedy] of messages) {
      await using server = await hub(status)
      const env = { HF_HOME: place.cache, HF_ENDPOINT: server.url }
      const { exitCode, stderr } = await fulcrum(['validate', place.file, '--download-tokenizer'], { env })
      assert.equal(exitCode, 3)
      assert.match(stderr, what)
      assert.match(stderr, remedy)
    }
    for (const [env, said] of [
      [{ HF_ENDPOINT: 'http://127.0.0.1:9' }, /127\.0\.0\.1:9 cannot be reached/],
      [{ HF_HUB_OFFLINE: '1' }, /HF_HUB_OFFLINE is set/],
    ] as const) {
      const { exitCode, stderr } = await fulcrum(['validate', place.file, '--download-tokenizer'], {
        env: { HF_HOME: place.cache, ...env },
      })
      assert.equal(exitCode, 3)
      assert.match(stderr, said)
    }
  })

  test('is named with its place in the sweep file if it is nowhere', async () => {
    await using place = await placeWith(`{ name: served, tokenizer: ${name} }`)
    const { exitCode, stderr } = await fulcrum(['validate', place.file], { env: { HF_HOME: place.cache } })
    assert.equal(exitCode, 2)
    assert.match(
      stderr,
      /:2:\d+: "Owner\/Small-Model" is neither a folder beside this file nor a tokenizer in the Hugging/,
    )
  })
})

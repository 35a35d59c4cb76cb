import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { execaNode } from 'execa'
import { fulcrum, program, repository } from './fulcrum.ts'

const start = (...args: string[]) =>
  execaNode(program, ['serve', ...args], {
    cwd: repository,
    reject: false,
    timeout: 120_000,
    forceKillAfterDelay: false,
  })

describe('fulcrum serve', () => {
  test('prints the address that it answers at, and stops with 0 when asked to', async () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const child = start('results', '--port', '0', '--json')
      const { value } = await child.iterable()[Symbol.asyncIterator]().next()
      const { url } = JSON.parse(String(value))
      const page = await fetch(url)
      assert.equal(page.status, 200)
      assert.match(await page.text(), /data-run="baseline\/quick"/)
      child.kill(signal)
      const { exitCode, stderr } = await child
      // On a busy machine, reading the runs takes long enough for a line of progress.
      assert.deepEqual([exitCode, stderr.replace(/^\[\d+\/\d+\] runs read.*\n?/gm, '')], [0, ''])
    }
  })

  test('a port in use is exit code 3, before anything else is done', async () => {
    const child = start('results', '--port', '0')
    const { value } = await child.iterable()[Symbol.asyncIterator]().next()
    const port = /:(\d+)\//.exec(String(value))?.[1] ?? ''
    const { exitCode, stderr } = await fulcrum(['serve', 'results', '--port', port])
    child.kill('SIGINT')
    assert.equal(exitCode, 3)
    assert.match(stderr, new RegExp(`Port ${port} is in use`))
    assert.match(stderr, /--port 0/)
    await child
  })

  test('a folder or port that is none is exit code 2', async () => {
    for (const args of [['no/such/folder'], ['results', '--port', 'http'], ['results', '--port', '65536']])
      assert.equal((await fulcrum(['serve', ...args])).exitCode, 2, args.join(' '))
  })
})

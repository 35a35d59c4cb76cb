import assert from 'node:assert/strict'
import { test } from 'node:test'
import { execa } from 'execa'
import { mockerSettings } from '../../src/engines/mocker/settings.ts'
import { mocker } from './dynamo-deployment.ts'

test('every engine setting that Fulcrum knows of the mocker is an argument of the real one', async () => {
  const { stdout } = await execa(mocker.python, ['-m', 'dynamo.mocker', '--help'], { env: mocker.env, timeout: 60_000 })
  const real = new Set([...stdout.matchAll(/--([a-z0-9-]+)/g)].map(([, name = '']) => name.replaceAll('-', '_')))
  assert.ok(real.size > 40, stdout.slice(0, 500))
  assert.deepEqual(
    [...mockerSettings].filter(name => !real.has(name)),
    [],
  )
})

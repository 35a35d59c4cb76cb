import assert from 'node:assert/strict'
import { test } from 'node:test'
import { execa } from 'execa'
import { mockerSettings } from '../../src/engines/mocker/settings.ts'
import { dynamoVersions, mocker } from './dynamo-deployment.ts'

test('every engine setting that Fulcrum knows of the mocker is an argument of one of its versions', async () => {
  const real = new Set<string>()
  for (const { python } of dynamoVersions) {
    const { stdout } = await execa(python, ['-m', 'dynamo.mocker', '--help'], { env: mocker.env, timeout: 60_000 })
    const names = [...stdout.matchAll(/--([a-z0-9-]+)/g)].map(([, name = '']) => name.replaceAll('-', '_'))
    assert.ok(names.length > 40, stdout.slice(0, 500))
    for (const name of names) real.add(name)
  }
  assert.deepEqual(
    [...mockerSettings].filter(name => !real.has(name)),
    [],
  )
})

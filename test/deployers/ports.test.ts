// Test part: load

import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { it } from 'node:test'
import { ephemeralRange, freePort, requireFreePort } from '../../src/deployers/ports.ts'

it('a free port can be listened on, and lies below those of outgoing connections', async () => {
  const port = await freePort()
  await requireFreePort(port, 'test')
  assert.ok(port < (await ephemeralRange()).first)
})

it('a taken port is named with the process that holds it', async t => {
  const server = createServer()
  const port = await freePort()
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  t.after(() => server.close())
  await assert.rejects(requireFreePort(port, 'frontend'), {
    code: 'port-taken',
    kind: 'environment',
    retryable: true,
    message: new RegExp(`^Port ${port} for the frontend is in use by process ${process.pid} `),
  })
})

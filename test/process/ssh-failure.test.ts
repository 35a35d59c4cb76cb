// Test part: unit

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { FulcrumError } from '../../src/model/index.ts'
import { atMost } from '../../src/process/at-most.ts'
import { retryingSsh, sshFailed, sshFailure } from '../../src/process/ssh-failure.ts'

/** As OpenSSH 9.2 and 10.0 print them. */
const cut = [
  'Connection reset by 198.18.231.2 port 2222',
  'Connection closed by 10.0.0.3 port 22',
  'Connection closed by fe80::1%eth0 port 22',
  'kex_exchange_identification: read: Connection reset by peer',
  'kex_exchange_identification: Connection closed by remote host',
  'ssh_exchange_identification: Connection closed by remote host',
  'banner exchange: Connection from 10.0.0.3 port 22: invalid format',
  'Connection timed out during banner exchange',
  'client_loop: send disconnect: Broken pipe',
]
const lasting = [
  'ssh: Could not resolve hostname n1: Name or service not known',
  'ssh: connect to host n1 port 22: Connection refused',
  'ssh: connect to host n1 port 22: No route to host',
  'me@n1: Permission denied (publickey,password).',
  'Host key verification failed.',
  'Connection to n1 closed by remote host.',
  'Timeout, server n1 not responding.',
  'Unable to negotiate with 10.0.0.3 port 22: no matching host key type found. Their offer: ssh-rsa',
  'No ED25519 host key is known for n1 and you have requested strict checking.',
  '/root/.ssh/config: line 3: Bad configuration option: hots',
]
/** What programs on the host may say, ending with 255 themselves. */
const ofPrograms = [
  'bash: connect: Connection refused',
  'bash: line 1: /dev/tcp/10.0.0.1/4222: Connection reset by peer',
  'NVIDIA-SMI has failed because it couldn’t communicate with the NVIDIA driver.',
  'ConnectionResetError: [Errno 104] Connection reset by peer',
  'cat: /root/secret: Permission denied',
]

describe('a failure of ssh itself', () => {
  it('is told from that of the program on the host by its words, even when both end with 255', () => {
    for (const line of cut) assert.deepEqual(sshFailure(255, `warning\n${line}\n`), { why: line, passing: true })
    for (const line of lasting) assert.deepEqual(sshFailure(255, line), { why: line, passing: false })
    for (const line of ofPrograms) assert.equal(sshFailure(255, line), null)
  })

  it('is none when the program on the host ended, whatever it said', () => {
    const said = fc.constantFrom(...cut, ...lasting)
    fc.assert(
      fc.property(fc.option(fc.integer({ min: 0, max: 254 })), said, (code, line) => {
        assert.equal(sshFailure(code, line), null)
      }),
    )
  })

  it('may come without a word', () => {
    assert.deepEqual(sshFailure(255, '\n'), { why: 'ssh exited with code 255 and no message', passing: false })
  })

  it('is found above the words that follow it', () => {
    const lines = ['Connection reset by 10.0.0.3 port 22', 'ssh: connect failed', 'lost connection']
    assert.deepEqual(sshFailure(255, lines), { why: lines[0], passing: true })
  })
})

describe('a way over ssh', () => {
  const failing = (times: number, passing: boolean) => {
    let tries = 0
    const act = async () => {
      if (++tries <= times) throw sshFailed('node n1', { why: 'Connection reset by 10.0.0.3 port 22', passing })
      return 'done'
    }
    return { act, tries: () => tries }
  }
  const pauses: number[] = []
  const pause = async (ms: number) => void pauses.push(ms)

  it('that was cut is tried again after growing pauses, and not forever', async () => {
    for (const times of [0, 1, 3]) {
      const { act, tries } = failing(times, true)
      pauses.length = 0
      assert.equal(await retryingSsh(act, { pause }), 'done')
      assert.equal(tries(), times + 1)
      assert.deepEqual(
        pauses,
        pauses.toSorted((a, b) => a - b),
      )
    }
    const { act, tries } = failing(9, true)
    await assert.rejects(retryingSsh(act, { pause }), {
      code: 'ssh-failed',
      message: 'ssh to node n1 failed: Connection reset by 10.0.0.3 port 22',
      retryable: true,
    })
    assert.equal(tries(), 4)
  })

  it('that is closed, and any other error, is not tried again', async () => {
    const { act, tries } = failing(9, false)
    await assert.rejects(retryingSsh(act, { pause }), { code: 'ssh-failed', retryable: false })
    assert.equal(tries(), 1)
    let others = 0
    const other = async () => {
      others++
      throw new FulcrumError('failed', 'process-ended', 'it ended')
    }
    await assert.rejects(retryingSsh(other, { pause }), { code: 'process-ended' })
    assert.equal(others, 1)
  })

  it('is given up when the signal aborts', async () => {
    const stop = new AbortController()
    const { act, tries } = failing(9, true)
    const stopping = async () => stop.abort(new Error('enough'))
    await assert.rejects(retryingSsh(act, { signal: stop.signal, pause: stopping }), /enough/)
    assert.equal(tries(), 1)
  })
})

it('never more than the limit run at a time, all run in order, and a failure frees its place', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.boolean(), { maxLength: 20 }),
      async (limit, fails) => {
        const inTurn = atMost(limit)
        let running = 0
        let most = 0
        const order: number[] = []
        const work = fails.map((fail, index) =>
          inTurn(async () => {
            order.push(index)
            most = Math.max(most, ++running)
            await new Promise(resolve => setImmediate(resolve))
            running--
            if (fail) throw new Error(`${index}`)
            return index
          }),
        )
        const settled = await Promise.allSettled(work)
        assert.deepEqual(
          settled.map(({ status }) => status === 'rejected'),
          fails,
        )
        assert.equal(most, Math.min(limit, fails.length))
        assert.deepEqual(order, [...fails.keys()])
      },
    ),
    { numRuns: 50 },
  )
})

// Test part: process

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { machineThrough } from '../../../src/deployers/doctor/ssh-machine.ts'

const dropped = 'Connection reset by 198.18.231.2 port 2222'

describe('a node over ssh', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-ssh-machine-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  /** A stand-in for ssh that counts its calls; sshd can't be made to drop connections at will. */
  const machine = (script: string) =>
    machineThrough('north', () => ['bash', '-c', `echo x >> ${folder}/calls; ${script}`])
  const calls = async () => (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n').length

  it('tries a dropped connection again', async () => {
    const script = `[ $(wc -l < ${folder}/calls) -ge 3 ] && { echo fine; exit 0; }; echo '${dropped}' >&2; exit 255`
    const said = await machine(script).run('true', [])
    assert.deepEqual([said.ok, said.out], [true, 'fine'])
    assert.equal(await calls(), 3)
  })

  it('says that ssh failed, not the program, when the connection is dropped each time', async () => {
    await assert.rejects(machine(`echo '${dropped}' >&2; exit 255`).run('true', []), {
      code: 'ssh-failed',
      message: `ssh to node north failed: ${dropped}`,
    })
    assert.equal(await calls(), 4)
  })

  it('does not try again what the node refused, or what the program said', async () => {
    const refused = machine('echo "Permission denied (publickey)." >&2; exit 255').run('true', [])
    await assert.rejects(refused, { code: 'ssh-failed', message: /Permission denied/ })
    const failed = await machine(`echo 'Connection reset by peer' >&2; exit 1`).run('true', [])
    assert.deepEqual([failed.ok, failed.complaint], [false, 'Connection reset by peer'])
    assert.equal(await calls(), 2)
  })

  it('runs at most six programs at a time', async () => {
    await writeFile(join(folder, 'open'), '')
    const log = (sign: string) => `flock ${folder}/lock -c 'echo ${sign} >> ${folder}/open'`
    const one = machine(`${log('+')}; until [ -e ${folder}/go ]; do sleep 0.02; done; ${log('-')}`)
    const all = Promise.all(Array.from({ length: 12 }, () => one.run('true', [])))
    // Nobody leaves before six are in, so that fewer than six at a time would never end.
    while ((await readFile(join(folder, 'open'), 'utf8')).length < 2 * 6) await wait(20)
    await writeFile(join(folder, 'go'), '')
    await all
    let open = 0
    const most = (await readFile(join(folder, 'open'), 'utf8'))
      .trim()
      .split('\n')
      .map(sign => (open += sign === '+' ? 1 : -1))
    assert.equal(Math.max(...most), 6)
  })
})

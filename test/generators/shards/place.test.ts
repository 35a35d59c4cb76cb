// Test part: process

import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { processPlace } from '../../../src/generators/shards/place.ts'

/**
 * A place whose launcher is a shell script in place of ssh.
 * @param script it may keep files in `$here`
 */
async function placeOf(script: string) {
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-place-'))
  process.env.FULCRUM_STATE_DIR = join(folder, 'state')
  const launcher = join(folder, 'launcher')
  await writeFile(launcher, `#!/bin/sh\nhere=${folder}\n${script}\n`)
  await chmod(launcher, 0o755)
  const settings = { count: 16, hosts: ['n1'], launcher: [launcher], launcherArgs: [], command: ['shard'] }
  const place = processPlace(settings, folder)
  return {
    open: async (shard = 0) => {
      const lines: string[] = []
      const channel = await place.open(shard, line => lines.push(line), AbortSignal.timeout(30_000))
      return { channel, lines }
    },
    read: (name: string) => readFile(join(folder, name), 'utf8'),
    [Symbol.asyncDispose]: async () => {
      await place.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const reset = 'echo "Connection reset by 10.0.0.3 port 22" >&2; exit 255'

describe('a shard on another host', () => {
  it('is started again when the way there is cut before it says a word', async () => {
    await using place = await placeOf(`echo try >>$here/tries
[ "$(wc -l <$here/tries)" -gt 1 ] || { ${reset}; }
echo hello; cat >/dev/null`)
    const { channel, lines } = await place.open()
    assert.deepEqual([lines, await place.read('tries')], [['hello'], 'try\ntry\n'])
    await channel.close()
  })

  it('is not started again when its own program fails', async () => {
    await using place = await placeOf('echo try >>$here/tries; echo "sh: fulcrum: not found" >&2; exit 127')
    const { channel } = await place.open()
    assert.match(await channel.ended, /exited with code 127/)
    assert.equal(await place.read('tries'), 'try\n')
  })

  it('tells ssh’s last words when the way stays closed', async () => {
    await using place = await placeOf(
      'echo "ssh: connect to host n1 port 22: No route to host" >&2; echo try >>$here/tries; exit 255',
    )
    const { channel } = await place.open()
    assert.match(await channel.ended, /exited with code 255/)
    assert.deepEqual(channel.lastLines(), ['ssh: connect to host n1 port 22: No route to host'])
    assert.equal(await place.read('tries'), 'try\n')
  })

  it('logs in beside few others, for an sshd drops some of more than ten', async () => {
    await using place = await placeOf(`mkdir $here/in-$$
ls -d $here/in-* | wc -l >>$here/counts
sleep 0.1; rmdir $here/in-$$; echo hello; cat >/dev/null`)
    const opened = await Promise.all(Array.from({ length: 16 }, (_, shard) => place.open(shard)))
    const counts = (await place.read('counts')).trim().split('\n').map(Number)
    assert.equal(counts.length, 16)
    assert.ok(
      counts.every(count => count <= 6),
      counts.join(),
    )
    await Promise.all(opened.map(({ channel }) => channel.close()))
  })
})

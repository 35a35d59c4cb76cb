// Test part: process

import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { processLauncher } from '../../../src/generators/shards/launcher.ts'

/**
 * A launcher whose command is a shell script in place of ssh.
 * @param script it may keep files in `$here`
 */
async function launcherOf(script: string) {
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-launcher-'))
  process.env.FULCRUM_STATE_DIR = join(folder, 'state')
  const program = join(folder, 'launcher')
  await writeFile(program, `#!/bin/sh\nhere=${folder}\n${script}\n`)
  await chmod(program, 0o755)
  const settings = { count: 16, hosts: ['n1'], launcher: [program], launcherArgs: [], command: ['shard'] }
  const launcher = processLauncher(settings, folder)
  return {
    open: async (shard = 0) => {
      const lines: string[] = []
      const channel = await launcher.open(shard, line => lines.push(line), AbortSignal.timeout(30_000))
      return { channel, lines }
    },
    read: (name: string) => readFile(join(folder, name), 'utf8'),
    [Symbol.asyncDispose]: async () => {
      await launcher.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const reset = 'echo "Connection reset by 10.0.0.3 port 22" >&2; exit 255'

describe('a shard on another host', () => {
  it('is started again when the way there is cut before it says a word', async () => {
    await using launcher = await launcherOf(`echo try >>$here/tries
[ "$(wc -l <$here/tries)" -gt 1 ] || { ${reset}; }
echo hello; cat >/dev/null`)
    const { channel, lines } = await launcher.open()
    assert.deepEqual([lines, await launcher.read('tries')], [['hello'], 'try\ntry\n'])
    await channel.close()
  })

  it('is not started again when its own program fails', async () => {
    await using launcher = await launcherOf('echo try >>$here/tries; echo "sh: fulcrum: not found" >&2; exit 127')
    const { channel } = await launcher.open()
    assert.match(await channel.ended, /exited with code 127/)
    assert.equal(await launcher.read('tries'), 'try\n')
  })

  it('tells ssh’s last words when the way stays closed', async () => {
    await using launcher = await launcherOf(
      'echo "ssh: connect to host n1 port 22: No route to host" >&2; echo try >>$here/tries; exit 255',
    )
    const { channel } = await launcher.open()
    assert.match(await channel.ended, /exited with code 255/)
    assert.deepEqual(channel.lastLines(), ['ssh: connect to host n1 port 22: No route to host'])
    assert.equal(await launcher.read('tries'), 'try\n')
  })

  it('logs in beside few others, for an sshd drops some of more than ten', async () => {
    await using launcher = await launcherOf(`mkdir $here/in-$$
ls -d $here/in-* | wc -l >>$here/counts
sleep 0.1; rmdir $here/in-$$; echo hello; cat >/dev/null`)
    const opened = await Promise.all(Array.from({ length: 16 }, (_, shard) => launcher.open(shard)))
    const counts = (await launcher.read('counts')).trim().split('\n').map(Number)
    assert.equal(counts.length, 16)
    assert.ok(
      counts.every(count => count <= 6),
      counts.join(),
    )
    await Promise.all(opened.map(({ channel }) => channel.close()))
  })
})

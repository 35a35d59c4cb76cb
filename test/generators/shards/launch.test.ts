// Test part: process

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ShardSettings, shardLaunches } from '../../../src/generators/shards/launch.ts'

const settings: ShardSettings = { count: 3, hosts: ['a', 'b'], launcher: 'ssh', launcherArgs: [] }

const firstArgv = (of: ShardSettings): readonly string[] => shardLaunches(of)[0]?.argv ?? []

test('without hosts, shards are processes of this machine, started as this one was', () => {
  const [first, ...others] = shardLaunches({ ...settings, hosts: [] })
  assert.equal(others.length, 2)
  assert.equal(first?.host, 'this machine')
  assert.equal(first?.argv[0], process.execPath)
  assert.match(first?.argv[1] ?? '', /\/bin\/fulcrum\.js$/)
  assert.equal(first?.argv[2], 'shard')
})

test('shards are dealt out to the hosts in turns', () => {
  assert.deepEqual(
    shardLaunches(settings).map(({ host }) => host),
    ['a', 'b', 'a'],
  )
})

test('ssh asks no questions, and takes no host for an option', () => {
  const argv = firstArgv({ ...settings, launcherArgs: ['-F', 'my config'] })
  assert.equal(argv[0], 'ssh')
  assert.ok(argv.includes('BatchMode=yes'))
  assert.deepEqual(argv.slice(argv.indexOf('-F'), -1), ['-F', 'my config', '--', 'a'])
})

test('every word of the command survives the shell of the other host', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { maxLength: 4 }), words => {
      const clean = words.map(word => word.replaceAll('\0', ''))
      const command = ['printf', '%s\\n', ...clean]
      const argv = firstArgv({ ...settings, command })
      const said = execFileSync('/bin/sh', ['-c', argv.at(-1) ?? ''], { encoding: 'utf8' })
      assert.equal(said, `${[...clean, 'shard'].join('\n')}\n`)
    }),
    { numRuns: 30 },
  )
})

test('srun runs one task on the named node', () => {
  const argv = firstArgv({ ...settings, launcher: 'srun', command: ['fulcrum'] })
  assert.deepEqual(argv.slice(-3), ['--nodelist=a', 'fulcrum', 'shard'])
  assert.ok(argv.includes('--ntasks=1'))
})

test('another launcher is told the host where it says so', () => {
  const launcher = ['kubectl', 'exec', '-i', 'pod/{host}', '--']
  const argv = firstArgv({ ...settings, launcher, command: ['fulcrum'] })
  assert.deepEqual(argv, ['kubectl', 'exec', '-i', 'pod/a', '--', 'fulcrum', 'shard'])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notReady } from '../../src/deployers/readiness.ts'
import type { RunningProcess } from '../../src/process/process.ts'

/** A process that runs and has said so many lines. */
function talkative(name: string, count: number): RunningProcess {
  const lines = Array.from({ length: count }, (_, i) => `line ${i + 1}`)
  return {
    name,
    pid: 1,
    logFile: '/log',
    alive: () => true,
    exit: () => null,
    exited: new Promise(() => {}),
    send: () => {},
    lastLines: () => lines,
    stop: async () => {},
  }
}

test('a deployment that is not ready in time shows the same number of last lines of each process', () => {
  const processes = ['frontend', 'prefill-0', 'decode-0'].map(name => talkative(name, 50))
  const awaited = { label: '1P1D', deadline: { limitS: 60, startedAtMs: 0 }, url: 'http://127.0.0.1:1' }
  const { message } = notReady(awaited, 'the frontend does not answer', processes)
  for (const { name } of processes) {
    const shown = message.split('\n').filter(line => line.startsWith(`  ${name}: `))
    assert.deepEqual([shown.length, shown.at(-1)], [12, `  ${name}: line 50`])
  }
})

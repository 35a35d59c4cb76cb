import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fullScreen } from '../../src/cli/full-screen.ts'
import { glimpseLine, glimpseText, liveScreenLines, problemLines } from '../../src/cli/watch-status.ts'
import { type RunGlimpse, watchRun } from '../../src/commands/watch.ts'
import { createRun, openRun } from '../../src/journal/index.ts'
import { liveLines } from '../../src/render/views/live-lines.ts'
import { writtenRun } from '../journal/written-run.ts'
import { failed, syntheticRun } from '../render/synthetic-run.ts'
import { fulcrum, temporaryFolder } from './fulcrum.ts'

const run = syntheticRun({ concurrencies: [1], change: (result, i) => (i === 1 ? failed(result, 'gone') : result) })

describe('watching a run', () => {
  test('tells each result as the journal gets it, and stops when nobody holds the run', async () => {
    await using place = await temporaryFolder()
    const { plan, command } = run.manifest
    const request = { sweep: { name: 'watched', file: `${place.path}/s.yaml`, text: '' }, command, plan }
    const open = await createRun(place.path, request)
    const glimpses = watchRun(
      { folder: open.folder, resultsRoot: place.path },
      { signal: AbortSignal.timeout(60_000), everyMs: 5 },
    )
    const next = async () => (await glimpses.next()).value as RunGlimpse
    assert.equal((await next()).latest, null)
    for (const [i, result] of run.results.slice(0, 2).entries()) {
      await open.journal.append({ type: 'point', result, elapsedS: 3 })
      const { latest, points, secondsLeft, state } = await next()
      assert.match(latest ?? '', i === 0 ? /: ok$/ : /: gone$/)
      assert.equal(state, 'running')
      assert.equal(points.missing, run.results.length - i - 1)
      assert.equal(secondsLeft, 3 * points.missing)
    }
    await open.close()
    assert.equal((await next()).state, 'unfinished')
    assert.equal((await glimpses.next()).done, true)
  })

  test('ends with the reason of its signal', async () => {
    await using place = await temporaryFolder()
    await using held = await openRun(await writtenRun(run, place.path, new Date(0)))
    const controller = new AbortController()
    const glimpses = watchRun(
      { folder: held.folder, resultsRoot: place.path },
      { signal: controller.signal, everyMs: 5 },
    )
    await glimpses.next()
    controller.abort(new Error('looked away'))
    await assert.rejects(glimpses.next())
  })

  test('from the command line shows a run that has ended once', async () => {
    await using place = await temporaryFolder()
    await writtenRun(run, place.path, new Date(0))
    const { stdout, exitCode } = await fulcrum(['status', '--watch', '--out', place.path])
    assert.equal(exitCode, 0)
    assert.match(stdout, /^\[10\/10\] complete, latest 2P2D, 1000\/1000, concurrency 1: ok$/)
  })
})

describe('a glimpse in a terminal', () => {
  const glimpse = {
    folder: '/results/x',
    sweep: 'nightly',
    state: 'running',
    startedAt: '2026-01-01T00:00:00.000Z',
    points: { planned: 24, ok: 6, invalid: 1, failed: 1, missing: 16, skipped: 0 },
    leftOut: [],
    redeployments: 2,
    workersStarted: 5,
    sinceLastEventS: 1,
    live: null,
    holder: 1,
    problems: [],
    latest: `2P1D, ${'long '.repeat(40)}`,
    latestFigures: [],
    secondsLeft: 200,
  } satisfies RunGlimpse & { points: { skipped: number } }

  test('has the latencies, queues and GPUs of the latest point below, cut to the screen', () => {
    const latestFigures = [
      'TTFT p95 300 ms, ITL p95 12 ms',
      `Each GPU: prefill busy 22%, 310 W; ${'decode '.repeat(20)}`,
    ]
    const lines = glimpseText({ ...glimpse, latestFigures }, { columns: 60, colour: false }).split('\n')
    assert.equal(lines.length, 6)
    assert.equal(lines[4], '  TTFT p95 300 ms, ITL p95 12 ms')
    assert.match(lines[5] ?? '', /^ {2}Each GPU: prefill busy 22%, 310 W; .*…$/)
    assert.ok(lines.every(line => line.length <= 60))
  })

  test('has the point in flight under a heading, within the screen', () => {
    const live = {
      ...{
        pid: 1,
        at: '2026-01-01T00:00:00.000Z',
        phase: 'measuring' as const,
        elapsedS: 12,
        done: 37,
        total: 160,
        failed: 2,
      },
      point: { id: 'p', deployment: '2P1D', workload: '8000/256', load: 'concurrency 16', repeat: 2 },
      ...{ inFlight: 16, outputTokensPerS: 1420, seenBy: 'generator' as const },
      ...{ ttftMs: { mean: null, p50: 210, p95: 2340 }, itlMs: { mean: null, p50: 11.2, p95: 12.9 } },
      roles: [
        { role: 'prefill', waiting: 5, running: 2, kvCache: 0.12 },
        { role: 'decode', waiting: 0, running: 16, kvCache: null },
      ],
      gpus: [{ role: 'prefill', gpus: 8, powerW: 610.4, utilization: 0.93 }],
    } as const
    assert.deepEqual(liveScreenLines({ ...glimpse, live }, { columns: 80 }), [
      '',
      'Now:',
      '  2P1D, 8000/256, concurrency 16 (repeat 2): measuring, 37 of 160 requests, 2',
      '    failed, 12 s',
      '    TTFT p50 210 ms, p95 2.34 s; ITL p50 11.2 ms, p95 12.9 ms so far',
      '    1,420 output tokens/s, 16 in flight',
      '    Each prefill worker: 2 running, 5 waiting, KV cache 12%',
      '    Each decode worker: 16 running, 0 waiting',
      '    Each prefill GPU: 93% busy, 610 W',
    ])
    for (const columns of [40, 60])
      assert.ok(liveScreenLines({ ...glimpse, live }, { columns }).every(line => line.length < columns))
  })

  test('says whose figures they are where only the server knows them, and nothing where nobody does', () => {
    const nothing = { failed: null, inFlight: null, outputTokensPerS: null, ttftMs: null, itlMs: null, seenBy: null }
    const live = {
      ...{ pid: 1, at: '2026-01-01T00:00:00.000Z', phase: 'measuring' as const, elapsedS: 75, done: null, total: 160 },
      point: { id: 'p', deployment: 'agg x1', workload: '8/8', load: 'concurrency 1', repeat: 1 },
      ...{ ...nothing, roles: [], gpus: [] },
    } as const
    assert.deepEqual(liveLines(live), ['agg x1, 8/8, concurrency 1: measuring, 1 min 15 s'])
    const seen = { ...live, ttftMs: { mean: 200, p50: null, p95: null }, seenBy: 'server' } as const
    assert.deepEqual(liveLines(seen).slice(1), ['  TTFT mean 200 ms so far, as the server sees it'])
  })

  test('is four lines that fit the screen, a third of the bar full', () => {
    const lines = glimpseText(glimpse, { columns: 60, colour: false }).split('\n')
    assert.equal(lines.length, 4)
    assert.deepEqual(
      lines.filter(line => line.length > 60),
      [],
    )
    const bar = lines[1] ?? ''
    assert.equal(Math.round(((bar.match(/█/g)?.length ?? 0) / (bar.match(/[█░]/g)?.length ?? 1)) * 3), 1)
    assert.match(bar, / 8\/24, about 3 min 20 s left$/)
  })

  test('is one line where nothing can be repainted', () => {
    assert.match(glimpseLine(glimpse), /^\[8\/24, about 3 min 20 s left\] running, latest 2P1D/)
  })
})

describe('the whole screen of a terminal', () => {
  const [enter, leave] = ['\x1b[?1049h', '\x1b[?1049l']

  /** A terminal of three rows, and what was written to it. */
  function terminal() {
    const written: string[] = []
    const stream = Object.assign(new EventEmitter(), {
      rows: 3,
      write: (text: string) => {
        written.push(text)
        return true
      },
    })
    return { stream: stream as unknown as NodeJS.WriteStream & EventEmitter, written }
  }

  test('is left as often as it was entered, whoever ends it', () => {
    const { stream, written } = terminal()
    const listeners = process.listenerCount('exit')
    const screen = fullScreen(stream)
    assert.equal(process.listenerCount('exit'), listeners + 1)
    screen[Symbol.dispose]()
    screen[Symbol.dispose]()
    assert.deepEqual(written, [enter, leave])
    assert.deepEqual([process.listenerCount('exit'), stream.listenerCount('resize')], [listeners, 0])
  })

  test('shows what fits its rows, and is painted again when its size changes', () => {
    const { stream, written } = terminal()
    using screen = fullScreen(stream)
    screen.paint('one\ntwo\nthree\nfour')
    assert.match(written.at(-1) ?? '', /^\x1b\[Hone.*two.*three\x1b\[K\x1b\[J$/s)
    assert.ok(!written.at(-1)?.includes('four'))
    stream.rows = 4
    stream.emit('resize')
    assert.ok(written.at(-1)?.includes('four'))
  })

  test('names the points without figures, the latest first, cut to its width', () => {
    const problems = [
      { point: 'agg x1', reason: 'gone' },
      { point: '2P1D', reason: 'cut off '.repeat(20) },
    ]
    const lines = problemLines({ problems } as unknown as RunGlimpse, { columns: 40 })
    assert.deepEqual(lines.slice(0, 2), ['', 'Points without figures:'])
    assert.match(lines[2] ?? '', /^ {2}2P1D: cut off .*…$/)
    assert.equal(lines[3], '  agg x1: gone')
    assert.ok(lines.every(line => line.length < 40))
  })

  const script = '/usr/bin/script'
  for (const end of ['Ctrl-C', 'the end of the run'] as const)
    test(`of a real terminal is given back at ${end}, with the latest status below`, {
      skip: existsSync(script) ? false : 'script is not installed',
    }, async () => {
      await using place = await temporaryFolder()
      const held = await openRun(await writtenRun(run, place.path, new Date(0)))
      const bin = join(import.meta.dirname, '../../bin/fulcrum.js')
      const command = `${process.execPath} ${bin} status --watch --out ${place.path}`
      const watching = spawn(script, ['-qefc', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] })
      const closed = once(watching, 'close')
      let said = ''
      let isTold = false
      for await (const chunk of watching.stdout) {
        said += String(chunk)
        if (isTold || !/1049h.*running/s.test(said)) continue
        isTold = true
        if (end === 'Ctrl-C') watching.stdin.write('\x03')
        else await held.close()
      }
      await closed
      await held.close()
      const [, below = ''] = said.split(leave)
      assert.ok(said.startsWith(enter), JSON.stringify(said.slice(0, 80)))
      assert.equal(said.split(leave).length, 2)
      assert.match(below, end === 'Ctrl-C' ? /: running, started/ : /: complete, started/)
    })
})

import { styleText } from 'node:util'
import { type RunGlimpse, watchRun } from '../commands/watch.ts'
import { type Screen, screenOf } from '../render/terminal/screen.ts'
import { wrapped } from '../render/terminal/wrapped.ts'
import { counted, duration } from '../render/views/format.ts'
import { liveLines } from '../render/views/live-lines.ts'
import { fullScreen } from './full-screen.ts'
import { interruption } from './interruption.ts'
import { jsonText } from './json-text.ts'

/** Shows a run in progress: full screen in a terminal, one line per change elsewhere, JSON lines for machines. */
export async function watchStatus(
  choice: { readonly folder?: string; readonly resultsRoot: string },
  json: boolean,
): Promise<void> {
  using interrupted = interruption({ quiet: true })
  const { stdout } = process
  const screen = !json && stdout.isTTY ? fullScreen(stdout) : null
  let last = ''
  let lastLine = ''
  try {
    for await (const glimpse of watchRun(choice, { signal: interrupted.signal })) {
      if (json) console.log(jsonText(glimpse))
      else if (screen === null) {
        // A log gets one line per result. Live figures would add one per second.
        const line = glimpseLine(glimpse)
        if (line !== lastLine) console.log(line)
        lastLine = line
      } else {
        const size = screenOf(stdout, process.env)
        last = glimpseText(glimpse, size)
        screen.paint([last, ...liveScreenLines(glimpse, size), ...problemLines(glimpse, size)].join('\n'))
      }
    }
  } catch (error) {
    // The watcher was interrupted, not the run.
    if (!interrupted.signal.aborted) throw error
  } finally {
    screen?.[Symbol.dispose]()
    // The result of the run stays on the normal screen.
    if (last !== '') console.log(last)
  }
}

const doneOf = ({ points }: RunGlimpse) => points.planned - points.missing

const leftText = ({ secondsLeft }: RunGlimpse) => (secondsLeft === null ? '' : `, about ${duration(secondsLeft)} left`)

/** `[7/24, about 40 s left] running, latest 2P1D, 8000/256, concurrency 16: ok`. */
export function glimpseLine(glimpse: RunGlimpse): string {
  const latest = glimpse.latest === null ? '' : `, latest ${glimpse.latest}`
  return `[${doneOf(glimpse)}/${glimpse.points.planned}${leftText(glimpse)}] ${glimpse.state}${latest}`
}

/** Points without figures and the reasons, latest first, for a full screen. */
export function problemLines({ problems }: RunGlimpse, { columns }: Pick<Screen, 'columns'>): readonly string[] {
  if (problems.length === 0) return []
  const lines = problems
    .toReversed()
    .map(({ point, reason }) => cut(`  ${point}: ${reason}`.replace(/\s+$/, ''), columns))
  return ['', 'Points without figures:', ...lines]
}

/** The point in flight, below a heading. */
export function liveScreenLines({ live }: RunGlimpse, { columns }: Pick<Screen, 'columns'>): readonly string[] {
  if (live === null) return []
  const [what = '', ...lines] = liveLines(live)
  return ['', 'Now:', ...[what, ...lines].flatMap(line => wrapped(line, '  ', columns - 1).split('\n'))]
}

const cut = (text: string, columns: number) =>
  text.length < columns ? text : `${text.slice(0, Math.max(0, columns - 2))}…`

/**
 * Four lines, and those with the figures of the latest point. No line is wider than the screen, which repainting relies
 * on.
 */
export function glimpseText(glimpse: RunGlimpse, { columns, colour }: Screen): string {
  const { points, sweep, state } = glimpse
  const done = doneOf(glimpse)
  const counts = `${done}/${points.planned}${leftText(glimpse)}`
  const width = Math.max(10, Math.min(50, columns - counts.length - 2))
  const full = points.planned === 0 ? 0 : Math.round((done / points.planned) * width)
  const bar = '█'.repeat(full)
  const fits = (text: string) => cut(text, columns)
  return [
    fits(`${sweep}: ${state}, started ${glimpse.startedAt}`),
    `${colour ? styleText('blue', bar, { validateStream: false }) : bar}${'░'.repeat(width - full)} ${counts}`,
    fits(
      `${points.ok} ok, ${points.invalid} invalid, ${points.failed} failed; ${counted(glimpse.redeployments, 'deployment')}, ${counted(glimpse.workersStarted, 'worker start')}`,
    ),
    fits(glimpse.latest === null ? 'no points measured yet' : `latest: ${glimpse.latest}`),
    ...glimpse.latestFigures.map(line => fits(`  ${line}`)),
  ].join('\n')
}

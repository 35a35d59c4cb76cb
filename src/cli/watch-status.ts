import { styleText } from 'node:util'
import { type RunGlimpse, watchRun } from '../commands/watch.ts'
import { type Screen, screenOf } from '../render/terminal/screen.ts'
import { counted, duration } from '../render/views/format.ts'
import { interruption } from './interruption.ts'
import { jsonText } from './json-text.ts'
import { repainter } from './repainter.ts'

/** Shows a run as it goes: repainted in a terminal, a line a change elsewhere, JSON lines for machines. */
export async function watchStatus(
  choice: { readonly folder?: string; readonly resultsRoot: string },
  json: boolean,
): Promise<void> {
  using interrupted = interruption({ quiet: true })
  const { stdout } = process
  const painter = !json && stdout.isTTY ? repainter(stdout) : null
  try {
    for await (const glimpse of watchRun(choice, { signal: interrupted.signal })) {
      if (json) console.log(jsonText(glimpse))
      else if (painter === null) console.log(glimpseLine(glimpse))
      else painter.paint(glimpseText(glimpse, screenOf(stdout, process.env)))
    }
  } catch (error) {
    // The watcher was interrupted, not the run.
    if (!interrupted.signal.aborted) throw error
  } finally {
    painter?.keep()
  }
}

const doneOf = ({ points }: RunGlimpse) => points.planned - points.missing

const leftText = ({ secondsLeft }: RunGlimpse) => (secondsLeft === null ? '' : `, about ${duration(secondsLeft)} left`)

/** `[7/24, about 40 s left] running, latest 2P1D, 8000/256, concurrency 16: ok`. */
export function glimpseLine(glimpse: RunGlimpse): string {
  const latest = glimpse.latest === null ? '' : `, latest ${glimpse.latest}`
  return `[${doneOf(glimpse)}/${glimpse.points.planned}${leftText(glimpse)}] ${glimpse.state}${latest}`
}

/** Four lines and those of the latest point's figures, none wider than the screen: repainting counts on that. */
export function glimpseText(glimpse: RunGlimpse, { columns, colour }: Screen): string {
  const { points, sweep, state } = glimpse
  const done = doneOf(glimpse)
  const counts = `${done}/${points.planned}${leftText(glimpse)}`
  const width = Math.max(10, Math.min(50, columns - counts.length - 2))
  const full = points.planned === 0 ? 0 : Math.round((done / points.planned) * width)
  const bar = '█'.repeat(full)
  const fits = (text: string) => (text.length < columns ? text : `${text.slice(0, columns - 2)}…`)
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

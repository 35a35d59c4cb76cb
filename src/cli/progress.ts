import type { RunProgress } from '../commands/execute.ts'
import { pointLabel } from '../commands/point-label.ts'
import { screenOf, textColumns } from '../render/terminal/screen.ts'
import { wrapped } from '../render/terminal/wrapped.ts'
import { counted, duration } from '../render/views/format.ts'
import { qualityText } from '../render/views/quality.ts'
import { jsonText } from './json-text.ts'
import type { Repainter } from './repainter.ts'

/** A progress display that can be ended. */
export interface ProgressDisplay extends Disposable {
  show(progress: RunProgress): void
}

/** A repainted line in a terminal, plain lines elsewhere, JSON lines for machines. */
export async function showProgress(json: boolean): Promise<ProgressDisplay> {
  if (json) return jsonLines()
  if (!process.stderr.isTTY) return plainLines()
  // Logs do not need the modules that repaint a terminal.
  const { repainter } = await import('./repainter.ts')
  return repaintedLine(repainter(process.stderr, { everyMs: 100 }))
}

/** A line for an event; null for an update that is only repainted. */
function news(progress: RunProgress): string | null {
  switch (progress.step) {
    case 'deployed':
      return `Deployed ${where(progress)} in ${duration(progress.tookS)}: ${counted(progress.workersStarted, 'worker')} started, ${progress.workersStopped} stopped`
    case 'deployment-failed':
      return `Deployment failed${progress.willRetry ? ', retrying once' : ''}: ${progress.reason}`
    case 'measured': {
      const { point, status, reason, measurement } = progress.result
      const figures =
        measurement === null
          ? ''
          : measurement.osl === null && measurement.totals.chunks === 0
            ? `latency p50 ${ms(measurement.requestLatencyMs?.p50)}, ${measurement.inputTokensPerS === null ? '–' : Math.round(measurement.inputTokensPerS)} input tok/s`
            : `TTFT p50 ${ms(measurement.ttftMs?.p50)}, ITL p50 ${ms(measurement.itlMs?.p50)}, ${measurement.outputTokensPerS === null ? '–' : Math.round(measurement.outputTokensPerS)} tok/s`
      return `${standing(progress)} ${pointLabel(point)}: ${status === 'ok' ? figures : `${status}: ${reason}`}`
    }
    case 'deploying':
      return progress.event === null ? null : newsOf(progress.event)
    case 'checked-quality': {
      const { point, quality, reason } = progress
      return `${standing(progress)} ${pointLabel(point)}: ${quality === null ? `the quality was not checked: ${reason}` : qualityText(quality)}`
    }
    case 'stopping':
      return 'Stopping deployments'
    default:
      return null
  }
}

/** Deployment events that a log should keep: lost and recovered machines, and a long wait once a minute. */
function newsOf(event: NonNullable<Extract<RunProgress, { step: 'deploying' }>['event']>): string | null {
  switch (event.kind) {
    case 'lost':
      return `Lost ${event.what}: ${event.why}. Continuing without it.`
    case 'back':
      return `${event.what} is available again`
    case 'waiting':
      if (event.elapsedS === 0 || event.elapsedS % 60 !== 0) return null
      return `Waiting for ${event.what}: ${duration(event.elapsedS)} of at most ${duration(event.deadlineS)}`
    default:
      return null
  }
}

const ms = (value: number | null | undefined) =>
  value === undefined || value === null ? '–' : `${value < 100 ? value.toFixed(1) : Math.round(value)} ms`

const where = ({ deployment }: RunProgress) =>
  deployment === null ? '' : `${deployment.label} (${deployment.position}/${deployment.count})`

function standing({ points, secondsLeft }: RunProgress): string {
  const left = secondsLeft === null ? '' : `, ${duration(secondsLeft)} left`
  return `[${points.done}/${points.isUpperBound ? 'at most ' : ''}${points.count}${left}]`
}

function doing(progress: RunProgress): string {
  switch (progress.step) {
    case 'deploying': {
      const { event } = progress
      return `Deploying ${where(progress)}${event === null ? '' : `: ${event.kind} ${event.what}`}`
    }
    case 'measuring': {
      const { load } = progress
      const done = load === null ? '' : `: ${load.phase} ${load.done}${load.total === null ? '' : `/${load.total}`}`
      return `${pointLabel(progress.point)}${done}`
    }
    case 'checking-quality': {
      const { point, done, total } = progress
      return `${pointLabel(point)}: checking quality${total === null ? '' : ` ${done}/${total}`}`
    }
    case 'stopping':
      return 'Stopping deployments'
    default:
      return ''
  }
}

function plainLines(): ProgressDisplay {
  return {
    show: progress => {
      const line = news(progress)
      if (line !== null) process.stderr.write(`${line}\n`)
    },
    [Symbol.dispose]: () => {},
  }
}

function repaintedLine(painter: Repainter): ProgressDisplay {
  return {
    show: progress => {
      const line = news(progress)
      // Otherwise the terminal breaks the line within a word.
      if (line !== null) painter.log(wrapped(line, '', textColumns(screenOf(process.stderr, process.env))))
      painter.paint(`${standing(progress)} ${doing(progress)}`.slice(0, (process.stderr.columns || 80) - 1))
    },
    [Symbol.dispose]: () => painter[Symbol.dispose](),
  }
}

function jsonLines(): ProgressDisplay {
  return {
    show: progress => {
      // Repaints contain no news for a machine.
      if (progress.step === 'measuring' && progress.load !== null) return
      if (progress.step === 'checking-quality' && progress.done > 0) return
      console.log(jsonText({ type: 'progress', ...progress }))
    },
    [Symbol.dispose]: () => {},
  }
}

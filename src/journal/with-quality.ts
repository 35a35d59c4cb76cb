import type { Finding } from '../metrics/measurement.ts'
import { accuracyOf, answersOf } from '../metrics/quality.ts'
import { counted } from '../model/index.ts'
import type { JournalEvent, PointResult } from './event.ts'

type QualityEvent = Extract<JournalEvent, { type: 'quality' }>

/** Adds the result of a quality check, and the findings against it, to a point's result. */
export function withQuality(result: PointResult, event: QualityEvent): PointResult {
  const { measurement } = result
  if (measurement === null) return result
  return {
    ...result,
    findings: [...result.findings, ...qualityFindings(event)],
    ...(event.quality === null ? {} : { measurement: { ...measurement, quality: event.quality } }),
  }
}

function qualityFindings({ quality, reason }: QualityEvent): readonly Finding[] {
  if (quality === null)
    return [{ severity: 'warning', code: 'quality-failed', message: `The quality was not checked: ${reason}` }]
  const { answered, unanswered } = answersOf(quality)
  const { truncated = 0, errors = [] } = quality.questions ?? {}
  const found: Finding[] = []
  if (unanswered > 0) {
    const example = errors[0] === undefined ? '' : ` The first failed: ${errors[0].example}`
    const counts =
      accuracyOf(quality) === null ? 'so the accuracy is unknown' : 'and the accuracy covers only the others'
    const message = `${unanswered} of ${counted(answered + unanswered, 'question')} were not answered, ${counts}.${example}`
    found.push({ severity: 'warning', code: 'quality-unanswered', message })
  }
  if (truncated > 0) {
    const message = `${truncated} of ${counted(answered, 'answer')} ended at quality.max_tokens and were graded as they are. Raise it if answers are longer.`
    found.push({ severity: 'note', code: 'quality-truncated', message })
  }
  return found
}

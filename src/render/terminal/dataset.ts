import { duration } from '../views/format.ts'
import type { DatasetView, TraceView } from '../views/plan.ts'

/** `dataset of 'chat', p.jsonl: 8 rows (JSON lines of prompts), ISL 93 tokens (93 to 93), OSL 20 tokens (20 to 20)`. */
export function datasetText({ workload, file, rows, format, counted, isl, osl, images }: DatasetView): string {
  const of = counted < rows ? `; lengths of the first ${count(counted)}, which is what a point sends at most` : ''
  const lengths = [
    `ISL ${lengthText(isl)}${images === true ? ' without the images' : ''}`,
    `OSL ${lengthText(osl)}`,
  ].join(', ')
  return `dataset of ${workload}: ${file}: ${count(rows)} row${rows === 1 ? '' : 's'} (${format}), ${lengths}${of}`
}

/**
 * `trace t.jsonl: 750 of 1,000 requests in 120 sessions over 1 h, ISL …, OSL …; a prefix cache could reuse 54% of the
 * prompts`.
 */
export function traceText({ file, requests, inFile, sessions, unit, spanS, isl, osl, reusable }: TraceView): string {
  const of =
    requests < inFile
      ? `${count(requests)} of ${count(inFile)} requests`
      : `${count(requests)} ${requests === 1 ? 'request' : 'requests'}`
  const within = sessions === null ? '' : ` in ${count(sessions)} session${sessions === 1 ? '' : 's'}`
  const share = reusable === null ? '' : `; a prefix cache could reuse ${count(100 * reusable)}% of the prompts`
  const times = unit === 'date' ? 'dates' : `times in ${unit}`
  return `trace ${file}: ${of}${within} over ${duration(spanS)} (${times}), ISL ${lengthText(isl)}, OSL ${lengthText(osl)}${share}`
}

const lengthText = ({ mean, min, max }: DatasetView['isl']) =>
  `${count(mean)} ${mean === 1 ? 'token' : 'tokens'} (${count(min)} to ${count(max)})`

const count = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 })

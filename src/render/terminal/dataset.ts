import type { DatasetView } from '../views/plan.ts'

/** `dataset of 'chat', p.jsonl: 8 rows (JSON lines of prompts), ISL 93 tokens (93 to 93), OSL 20 tokens (20 to 20)`. */
export function datasetText({ workload, file, rows, format, counted, isl, osl }: DatasetView): string {
  const of = counted < rows ? `; lengths of the first ${count(counted)}, which is what a point sends at most` : ''
  const lengths = [`ISL ${lengthText(isl)}`, `OSL ${lengthText(osl)}`].join(', ')
  return `dataset of ${workload}: ${file}: ${count(rows)} row${rows === 1 ? '' : 's'} (${format}), ${lengths}${of}`
}

const lengthText = ({ mean, min, max }: DatasetView['isl']) => `${count(mean)} tokens (${count(min)} to ${count(max)})`

const count = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 })

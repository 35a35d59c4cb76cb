import { readGenaiPerfSummary } from '../../genai-perf/import.ts'
import { type ImportFormat, nameOf, only } from '../format.ts'

/** genai-perf's summary of one run. */
export const genaiPerfFormat: ImportFormat = {
  isOf: ({ path }) => nameOf(path) === 'profile_export_genai_perf.json',
  read: ({ value, modifiedAt, notNumbers }) => only(readGenaiPerfSummary(value, modifiedAt, notNumbers)),
}

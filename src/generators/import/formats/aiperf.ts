import { readAiperfSummary } from '../../aiperf/import.ts'
import { type ImportFormat, nameOf, only } from '../format.ts'

/** AIPerf's summary of one run. */
export const aiperfFormat: ImportFormat = {
  isOf: ({ path }) => nameOf(path) === 'profile_export_aiperf.json',
  read: ({ value, notNumbers }) => only(readAiperfSummary(value, notNumbers)),
}

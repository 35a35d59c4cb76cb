import { type FoundFile, type ImportFormat, nameOf } from '../../generators/import/format.ts'
import type { ImportedSummary } from '../../generators/import/summary.ts'
import type { PointResult } from '../../journal/index.ts'
import type { Measurement } from '../../metrics/measurement.ts'
import { exportAiperf } from '../../render/export/aiperf.ts'
import { exportedResult, isUnchanged } from '../../render/export/fulcrum-part.ts'
import { exportGenaiPerf } from '../../render/export/genai-perf.ts'
import { reasonOf } from './files.ts'

/** Content of one file. */
export interface Read {
  /** A result as Fulcrum exported it. */
  readonly exported: PointResult | null
  readonly summaries: readonly ImportedSummary[]
  /** Why nothing was read, one reason each. */
  readonly refused: readonly string[]
}

/** Reads a result that Fulcrum exported, or the file of another program. */
export function readFound(file: FoundFile, format: ImportFormat, found: ReadonlyMap<string, FoundFile>): Read {
  try {
    const exported = exportedResult(file.value)
    const isChanged =
      exported !== null &&
      !isUnchanged(file.value, exportedAgain(exported, nameOf(file.path) === 'profile_export_genai_perf.json'))
    if (exported !== null && !isChanged) return { exported, summaries: [], refused: [] }
    const { results, refused } = format.read(file, found)
    const summaries = isChanged ? results.map(one => ({ ...one, measurement: changedSince(one.measurement) })) : results
    return { exported: null, summaries, refused }
  } catch (error) {
    return { exported: null, summaries: [], refused: [reasonOf(error)] }
  }
}

const exportedAgain = (result: PointResult, isGenaiPerf: boolean): unknown =>
  JSON.parse(
    isGenaiPerf
      ? exportGenaiPerf(result)['profile_export_genai_perf.json']
      : exportAiperf(result)['profile_export_aiperf.json'],
  )

function changedSince(measurement: Measurement): Measurement {
  const message = 'the file has changed since Fulcrum exported it; its figures are read as they are now'
  return {
    ...measurement,
    remarks: [...(measurement.remarks ?? []), { severity: 'warning', code: 'export-changed', message }],
  }
}

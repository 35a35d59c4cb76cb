import { aiperfFormat } from './aiperf.ts'
import { dynamoPlannerFormat } from './dynamo-planner.ts'
import type { ExportFormat } from './format.ts'
import { genaiPerfFormat } from './genai-perf.ts'
import { jsonFormat } from './json.ts'
import { openMetricsFormat } from './openmetrics.ts'
import { parquetFormat } from './parquet-format.ts'
import { csvFormat } from './points-csv.ts'

/** The registry of export formats. To add a format, write one file in this folder and one line here. */
export const exportFormats: readonly ExportFormat[] = [
  csvFormat,
  jsonFormat,
  openMetricsFormat,
  parquetFormat,
  genaiPerfFormat,
  aiperfFormat,
  dynamoPlannerFormat,
]

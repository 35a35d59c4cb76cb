import { fileFormat } from './format.ts'

/**
 * Export format `parquet`: like points.csv, but typed. Unknown values are null, and text is not changed for
 * spreadsheets.
 */
export const parquetFormat = fileFormat(
  {
    name: 'parquet',
    about: 'the columns of points.csv, typed, as Apache Parquet',
    isBinary: true,
    table: async table => (await import('./parquet.ts')).tableParquet(table),
  },
  // Loads the writer only when it is needed, because loading is slow.
  async run => (await import('./parquet.ts')).pointsParquet(run),
)

import { fileFormat } from './format.ts'

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

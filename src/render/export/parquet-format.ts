import { fileFormat } from './format.ts'

export const parquetFormat = fileFormat(
  {
    name: 'parquet',
    about: 'the columns of points.csv, typed, as Apache Parquet',
    isBinary: true,
    table: async table => (await import('./parquet.ts')).tableParquet(table),
  },
  // Only Parquet should cost the time that its writer takes to load.
  async run => (await import('./parquet.ts')).pointsParquet(run),
)

/** Writes schema/sweep.schema.json from the schema that sweep files are checked with. Run it after changing src/sweep/schema/. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sweepJsonSchema } from '../src/sweep/json-schema.ts'

const folder = join(import.meta.dirname, '../schema')
await mkdir(folder, { recursive: true })
await writeFile(join(folder, 'sweep.schema.json'), `${JSON.stringify(sweepJsonSchema(), null, 2)}\n`)

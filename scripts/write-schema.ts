/**
 * Writes schema/*.schema.json from the schemas that files are checked with. Run it after changing src/spec/schema/ or
 * src/commands/capacity/file-schema.ts.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { capacityJsonSchema } from '../src/commands/capacity/json-schema.ts'
import { sweepJsonSchema } from '../src/spec/json-schema.ts'

const folder = join(import.meta.dirname, '../schema')
await mkdir(folder, { recursive: true })
await writeFile(join(folder, 'sweep.schema.json'), `${JSON.stringify(sweepJsonSchema(), null, 2)}\n`)
await writeFile(join(folder, 'capacity.schema.json'), `${JSON.stringify(capacityJsonSchema(), null, 2)}\n`)

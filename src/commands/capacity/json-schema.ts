import { z } from 'zod'
import { capacitySchema } from './file-schema.ts'

/** JSON Schema of a capacity file (draft 2020-12) for editors, generated from the schema that checks the files. */
export function capacityJsonSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(capacitySchema, { io: 'input', target: 'draft-2020-12', reused: 'ref' })
  return {
    $schema,
    title: 'Fulcrum capacity file',
    description: 'The traffic to serve, its SLO, and the machines. docs/reference/capacity-file.md explains every key.',
    ...rest,
  }
}

import { z } from 'zod'
import { field } from './field.ts'

const name = z.enum(['built-in', 'genai-perf', 'aiperf'])

export const generatorSchema = field(
  z.union([
    name,
    z.strictObject({
      name,
      command: field(
        z.string().min(1),
        'The generator’s program: a path (relative to this file), or a name on PATH. Default: the generator’s own name.',
        'write the path of the program, such as .venv/bin/genai-perf',
      ).optional(),
      args: field(
        z.array(z.string()),
        'Arguments added to the generator’s command line as they are.',
        'write a list of strings',
      ).default([]),
    }),
  ]),
  'Which generator loads the points. Default: `built-in`.',
  'write built-in, genai-perf, aiperf, or { name: …, command: …, args: […] }',
)

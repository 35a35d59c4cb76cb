import { z } from 'zod'
import { field } from '../../yaml/field.ts'
import { decisive, operational, type ReadKeys } from '../../yaml/keys.ts'
import { reading } from '../../yaml/reading.ts'
import { existing } from '../../yaml/section-context.ts'

/**
 * A path relative to the sweep file, converted to an absolute one. A name without a slash is looked up on PATH at run
 * time.
 */
const command = reading(z.string().min(1), (text, context, path) =>
  text.includes('/') ? existing(context, path, text, 'file') : text,
)

/** Keys of generators that are external programs. */
export const programKeys = {
  command: operational(
    field(
      command,
      'The generator’s program: a path (relative to this file), or a name on PATH. Default: the generator’s own name.',
      'write the path of the program, such as .venv/bin/genai-perf',
    ).optional(),
  ),
  args: decisive(
    field(
      z.array(z.string()),
      'Arguments added to the generator’s command line as they are.',
      'write a list of strings',
    ).default([]),
  ),
}

/** A program and additional command-line arguments. */
export type ProgramConfig = ReadKeys<typeof programKeys>

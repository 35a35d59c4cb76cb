import { z } from 'zod'
import { duration } from './field.ts'
import { reading } from './reading.ts'
import { existing, seconds } from './section-context.ts'
import { baseUrlOf } from './url.ts'

/**
 * A duration such as `500ms`, `60s`, `5m` or `2h`, read as seconds. Write a default with `prefault`.
 *
 * @example
 * ```ts
 * import { durationInSeconds, field, operational } from 'fulcrum'
 *
 * export const patience = operational(
 *   field(durationInSeconds.prefault('60s'), 'How long to wait. Default: `60s`.', 'write a duration such as 60s'),
 * )
 * ```
 */
export const durationInSeconds = reading(duration, seconds)

/** Path of an existing file, relative to the sweep file. Read as an absolute path. */
export const filePath = reading(z.string().min(1), (text, context, path) => existing(context, path, text, 'file'))

/** Path of an existing folder, relative to the sweep file. Read as an absolute path. */
export const folderPath = reading(z.string().min(1), (text, context, path) => existing(context, path, text, 'folder'))

/**
 * A program: a path relative to the sweep file, or a name on PATH. Read as an absolute path. A name that is not on PATH
 * stays a name, because it may be on PATH where the sweep runs.
 *
 * @example
 * ```ts
 * import { field, program } from 'fulcrum'
 *
 * export const command = field(program, 'The program.', 'write a path or a name on PATH')
 * ```
 */
export const program = reading(z.string().min(1), (text, context, path) =>
  /[/\\]/.test(text) ? existing(context, path, text, 'file') : (context.files.program(text) ?? text),
)

/** Base URL of an API: the part before `/v1/…`, including a gateway’s sub-path, without a trailing slash. */
export const baseUrl = reading(z.string().regex(/^https?:\/\/[^\s]+$/), (text, context, path) =>
  baseUrlOf(text, path, context),
)

/** Name of an environment variable that contains a secret. */
export const variableName = z.string().regex(/^[A-Za-z_]\w*$/)

/** List of words, such as a program's arguments. */
export const words: z.ZodType<readonly string[], readonly string[]> = z.array(z.string())

import { z } from 'zod'
import { duration } from './field.ts'
import { reading } from './reading.ts'
import { existing, seconds } from './section-context.ts'
import { baseUrlOf } from './url.ts'

/**
 * A duration such as `500ms`, `60s`, `5m` or `2h`, read as seconds. A default is written with `prefault`.
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

/** The path of an existing file, relative to the sweep file; read as an absolute path. */
export const filePath = reading(z.string().min(1), (text, context, path) => existing(context, path, text, 'file'))

/** The path of an existing folder, relative to the sweep file; read as an absolute path. */
export const folderPath = reading(z.string().min(1), (text, context, path) => existing(context, path, text, 'folder'))

/**
 * A program: a path relative to the sweep file, or a name on PATH; read as an absolute path. A name that is not on PATH
 * here stays a name, because it may be on PATH where the sweep runs.
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

/** The base URL of an API: the part before `/v1/…`, including a gateway’s sub-path, without a slash at its end. */
export const baseUrl = reading(z.string().regex(/^https?:\/\/[^\s]+$/), (text, context, path) =>
  baseUrlOf(text, path, context),
)

/** The name of an environment variable that holds a secret. */
export const variableName = z.string().regex(/^[A-Za-z_]\w*$/)

/** A list of words, such as arguments of a program. */
export const words: z.ZodType<readonly string[], readonly string[]> = z.array(z.string())

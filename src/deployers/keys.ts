import { z } from 'zod'
import type { Json } from '../model/index.ts'
import { field, json } from '../yaml/field.ts'
import { durationInSeconds, variableName } from '../yaml/kinds.ts'
import { type Path, pathText, quoted } from '../yaml/problem.ts'
import { reading } from '../yaml/reading.ts'
import { lookUp, resolvePaths, type SectionContext } from '../yaml/section-context.ts'

/** Variable with the API key of an endpoint. */
export const apiKeyVariable = field(
  variableName,
  'Environment variable that holds the bearer token.',
  'write the name of an environment variable',
)

type Arguments = { readonly [name: string]: Json }

/** Arguments of a program. Strings that begin with `./` or `../` are converted to absolute paths. */
export const programArguments = field(
  reading(z.record(z.string().min(1), json), (written, context, path) => {
    const resolved = resolvePaths(context, written) as Arguments
    reportMissingFiles(context, path, written, resolved)
    return resolved
  }),
  'Arguments by name without dashes: `key: value` becomes `--key value`, `true` becomes a bare flag, `false` omits the flag, and a list repeats it. Strings that begin with `./` or `../` are paths relative to this file.',
  'write name: value pairs',
)

/**
 * Environment variables as text. Strings that begin with `./` or `../` are converted to absolute paths; secrets are
 * rejected.
 */
export const environment = field(
  reading(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])), (written, context, path) => {
    const resolved = resolvePaths(context, written) as Arguments
    reportMissingFiles(context, path, written, resolved)
    reportSecrets(context, path, written)
    const texts: { readonly [name: string]: string } = Object.fromEntries(
      Object.entries(resolved).map(([name, value]) => [name, String(value)]),
    )
    return texts
  }),
  'Environment variables of every process, in addition to the inherited ones. Strings that begin with `./` or `../` are paths relative to this file. Do not write secrets here: export them before the run, and processes inherit them.',
  'write NAME: value pairs',
)

/** Key `http_port` of deployers that start a frontend on this machine. */
export const httpPort = field(
  z.int().min(1).max(65_535),
  'Port of the frontend on 127.0.0.1. Default: a free one.',
  'write a port from 1 to 65535',
)

/** Address of a running service. */
export const serviceUrl = (service: string, example: string) =>
  field(
    z.string().min(1),
    `Address of a running ${service}. Default: one is started on a free port.`,
    `write ${example}`,
  )

/** Maximum time until a deployment answers, in seconds. */
export const readyTimeout = (usual: string, right: string, more = '') =>
  field(
    durationInSeconds,
    `How long a deployment may take to answer its first request. Default: \`${usual}\`${more}.`,
    right,
  ).prefault(usual)

/**
 * A string that looks like a path but leads nowhere is an error. Without this check, the worker would report it only
 * minutes later.
 */
function reportMissingFiles(context: SectionContext, path: Path, written: Arguments, resolved: Arguments): void {
  for (const [key, value] of Object.entries(resolved)) {
    const text = written[key]
    if (typeof text !== 'string' || typeof value !== 'string' || text === value) continue
    if (lookUp(context, value) !== 'nothing') continue
    const place = [...path, key]
    context.report(
      place,
      `${pathText(place)} is ${quoted(text)}, but ${value} does not exist`,
      'write a path that exists, absolute or relative to the sweep file',
    )
  }
}

const secretName = /(^|_)(TOKENS?|SECRETS?|PASSWORDS?|PASSWD|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?)$/i

/** Every run's manifest contains the file, so a secret in it would stay there permanently. */
export function reportSecrets(
  context: SectionContext,
  path: Path,
  env: { readonly [name: string]: unknown },
  remedy = (name: string) => `remove it here and export ${name} before the run, so that processes inherit it`,
): void {
  for (const name of Object.keys(env)) {
    if (!secretName.test(name)) continue
    context.report(
      [...path, name],
      `${name} looks like a secret, and this file is stored with every run`,
      remedy(name),
      'key',
    )
  }
}
